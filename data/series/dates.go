package series

import (
	"math"
	"strconv"
	"time"

	"descent/internal/stats"
)

const day = 24 * time.Hour

// dateOf is the date of so many days since 1970.
func dateOf(days float64) time.Time {
	return time.UnixMilli(int64(math.Round(days * float64(day.Milliseconds())))).UTC()
}

func daysOf(t time.Time) float64 { return float64(t.UnixMilli()) / float64(day.Milliseconds()) }

// Following returns the times of the next n steps: as far apart as the median of the
// steps is (a day, or 1, after a single one), of dates in whole months where the steps are,
// and without weekends where no step is on one.
func (s *Series) Following(n int) []float64 {
	last, next, apart := s.Times[s.Steps()-1], make([]float64, n), 1.0
	if s.Steps() > 1 {
		steps := make([]float64, s.Steps()-1)
		for i := range steps {
			steps[i] = s.Times[i+1] - s.Times[i]
		}
		apart = stats.Median(steps)
	}
	months, atEnd, monthly := s.months()
	weekdays := apart == 1 && s.working()
	at := last
	for i := range next {
		switch {
		case monthly:
			at = monthsAfter(last, months*(i+1), atEnd)
		default:
			at += apart
			for weekdays && weekend(at) {
				at++
			}
		}
		next[i] = at
	}
	return next
}

// months returns how many months a step is, the median, if the steps are whole months:
// all are on one day of the month, or all on its last.
func (s *Series) months() (months int, atEnd, ok bool) {
	if !s.Dates || s.Steps() < 2 {
		return 0, false, false
	}
	first := dateOf(s.Times[0])
	oneDay, atEnd := true, true
	steps := make([]float64, s.Steps()-1)
	for i, days := range s.Times {
		t := dateOf(days)
		oneDay, atEnd = oneDay && t.Day() == first.Day(), atEnd && t.AddDate(0, 0, 1).Day() == 1
		if i > 0 {
			before := dateOf(s.Times[i-1])
			steps[i-1] = float64(12*(t.Year()-before.Year()) + int(t.Month()) - int(before.Month()))
		}
	}
	months = int(stats.Median(steps))
	return months, atEnd, months > 0 && (oneDay || atEnd)
}

// monthsAfter is the time so many months after another, on the same day of the month,
// or on its last where it has no such day or all are at the end.
func monthsAfter(days float64, months int, atEnd bool) float64 {
	t := dateOf(days)
	clock := t.Sub(t.Truncate(day))
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	end := first.AddDate(0, 1, -1)
	on := first.AddDate(0, 0, t.Day()-1)
	if atEnd || on.After(end) {
		on = end
	}
	return daysOf(on.Add(clock))
}

// working reports whether the steps are of two weeks or more and none is on a weekend.
func (s *Series) working() bool {
	if !s.Dates || s.Times[s.Steps()-1]-s.Times[0] < 14 {
		return false
	}
	for _, days := range s.Times {
		if weekend(days) {
			return false
		}
	}
	return true
}

func weekend(days float64) bool {
	d := dateOf(days).Weekday()
	return d == time.Saturday || d == time.Sunday
}

// Written is a time as text: a date as 2006-01-02, with the time of day if steps have
// some, or a number.
func (s *Series) Written(at float64) string {
	if !s.Dates {
		return strconv.FormatFloat(at, 'g', 10, 64)
	}
	for _, days := range s.Times {
		if days != math.Trunc(days) {
			return dateOf(at).Format("2006-01-02 15:04:05")
		}
	}
	return dateOf(at).Format(time.DateOnly)
}
