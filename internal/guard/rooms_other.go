//go:build !linux

package guard

import "testing"

func newRooms(t testing.TB, _, _ int) *Rooms {
	t.Skip("no guard pages on this system")
	return nil
}
