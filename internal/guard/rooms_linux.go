package guard

import (
	"syscall"
	"testing"
)

func newRooms(t testing.TB, n, bytes int) *Rooms {
	page := syscall.Getpagesize()
	r := &Rooms{size: (bytes + page - 1) / page * page}
	r.step = r.size + page
	mem, err := syscall.Mmap(-1, 0, page+n*r.step, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(mem); err != nil {
			t.Error(err)
		}
	})
	for i := range n + 1 {
		if err := syscall.Mprotect(mem[i*r.step:][:page], syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	r.mem = mem[page:]
	return r
}
