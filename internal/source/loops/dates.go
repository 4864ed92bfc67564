package loops

// Dates of numbers, as package data reads them: milliseconds since the beginning of 1970.

// days returns the days from the beginning of 1970 to a date of the Gregorian calendar
// (https://howardhinnant.github.io/date_algorithms.html).
func days(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	years := year - era*400
	return era*146097 + years*365 + years/4 - years/100 + (153*(month-3)+2)/5 + day - 1 - 719468
}

// civil returns the year and the month of a day.
func civil(day int) (year, month int) {
	z := day + 719468
	era := z / 146097
	of := z - era*146097
	years := (of - of/1460 + of/36524 - of/146096) / 365
	of -= 365*years + years/4 - years/100
	month = (5*of + 2) / 153
	year = years + era*400
	if month >= 10 {
		return year + 1, month - 9
	}
	return year, month + 3
}

// digitsOf reads a whole number of at least so many digits and at most so many from a place
// on, and returns where it ends; -1 if there is none.
func digitsOf(cell []uint8, size, at, least, most int) (v, end int) {
	if at < 0 {
		return 0, -1
	}
	for end = at; end < size && end-at < most && isDigit(cell[end]); end++ {
		v = 10*v + int(cell[end]-'0')
	}
	if end-at < least {
		return 0, -1
	}
	return v, end
}

// after returns the place behind a byte, or -1 if another stands there.
func after(cell []uint8, size, at int, what uint8) int {
	if at >= 0 && at < size && cell[at] == what {
		return at + 1
	}
	return -1
}

// dateCell reads a date, of year, month and day (order 0), month, day and year (1) or day,
// month and year (2) with a byte between them; a time may follow. state is 0 if the cell is
// none, 1 if it is one, 2 if it is missing.
func dateCell(cell []uint8, size, order int, between uint8) (when int64, state int) {
	if size < 0 {
		return 0, 0
	}
	if isMissing(cell, size, true) {
		return 0, 2
	}
	year, month, day, at := 0, 0, 0, 0
	if order == 0 {
		year, at = digitsOf(cell, size, 0, 4, 4)
		month, at = digitsOf(cell, size, after(cell, size, at, between), 1, 2)
		day, at = digitsOf(cell, size, after(cell, size, at, between), 1, 2)
	} else {
		month, at = digitsOf(cell, size, 0, 1, 2)
		day, at = digitsOf(cell, size, after(cell, size, at, between), 1, 2)
		year, at = digitsOf(cell, size, after(cell, size, at, between), 4, 4)
		if order == 2 {
			month, day = day, month
		}
	}
	if at < 0 || year < 1400 || year > 2300 || month < 1 || month > 12 || day < 1 || day > monthDays(year, month) {
		return 0, 0
	}
	ms := clock(cell, size, at)
	if ms < 0 {
		return 0, 0
	}
	return int64(days(year, month, day))*86400000 + int64(ms), 1
}

// monthDays returns how many days a month has.
func monthDays(year, month int) int {
	if month == 12 {
		return 31
	}
	return days(year, month+1, 1) - days(year, month, 1)
}

// clock reads what may follow a date: nothing, or T or a space and hours and minutes, with
// seconds and their fraction, and a Z. It returns milliseconds, -1 if it is something else.
func clock(cell []uint8, size, at int) int {
	if at == size {
		return 0
	}
	t := cell[at] == 'T' || cell[at] == 't'
	if !t && cell[at] != ' ' {
		return -1
	}
	hour, minute, second, ms := 0, 0, 0, 0
	hour, at = digitsOf(cell, size, at+1, 2, 2)
	minute, at = digitsOf(cell, size, after(cell, size, at, ':'), 2, 2)
	if at >= 0 && at < size && cell[at] == ':' {
		second, at = digitsOf(cell, size, at+1, 2, 2)
		if at >= 0 && at+1 < size && (cell[at] == '.' || cell[at] == ',') {
			unit := 100
			for at++; at < size && isDigit(cell[at]); at++ {
				ms += unit * int(cell[at]-'0')
				unit /= 10
			}
		}
	}
	if at >= 0 && at < size && (cell[at] == 'Z' || cell[at] == 'z') {
		at++
	}
	if at != size || hour > 23 || minute > 59 || second > 59 {
		return -1
	}
	return ((hour*60+minute)*60+second)*1000 + ms
}

// datePart returns days (0), the year (1), the month from 0 (2), the weekday from Monday on
// (3) or the hour (4) of a date.
func datePart(when int64, part int) float64 {
	if part == 0 {
		return float64(when) / 86400000
	}
	day := int((when+86400000*719468)/86400000) - 719468
	if part == 1 || part == 2 {
		year, month := civil(day)
		if part == 1 {
			return float64(year)
		}
		return float64(month - 1)
	}
	if part == 3 {
		return float64((day + 3 + 7*200000) % 7)
	}
	return float64((when - int64(day)*86400000) / 3600000)
}

// choice sets n inputs to 0, and that of a place, if there is one, to 1.
func choice(x []real, n, at int) {
	fill(x, n, 0)
	if at >= 0 {
		x[at] = 1
	}
}
