package onnx

import "strconv"

// Settings of nodes.

func (s *step) get(name string) any {
	for _, a := range s.set {
		if a.name == name {
			return a.value
		}
	}
	return nil
}

func (s *step) whole(name string, byDefault int) int {
	if n, ok := s.get(name).(int); ok {
		return n
	}
	return byDefault
}

func (s *step) number(name string, byDefault float64) float64 {
	if x, ok := s.get(name).(float32); ok {
		return shortest(x)
	}
	return byDefault
}

// shortest is the number with the fewest digits that is x as float32: what its writer meant.
func shortest(x float32) float64 {
	y, _ := strconv.ParseFloat(strconv.FormatFloat(float64(x), 'g', -1, 32), 64)
	return y
}

func (s *step) wholes(name string) []int {
	list, _ := s.get(name).([]int)
	return list
}

// list are whole numbers that are a setting, or an input, which they became.
func (r *reader) list(s *step, name string, i int) (list []int, ok bool) {
	if list = s.wholes(name); list != nil {
		return list, true
	}
	t := r.operandAt(s, i)
	if t == nil || t.floats != nil {
		return nil, false
	}
	for _, n := range t.ints {
		list = append(list, int(n))
	}
	return list, true
}
