package main

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// start runs the program on its processors, and no program that would have to
// start first: a child may run where the thread may that makes it.
func (p program) start() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, wanted unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	for _, cpu := range p.cpus {
		wanted.Set(cpu)
	}
	if err := unix.SchedSetaffinity(0, &wanted); err != nil {
		return fmt.Errorf("processors %v: %w", p.cpus, err)
	}
	defer unix.SchedSetaffinity(0, &before)
	return p.Start()
}
