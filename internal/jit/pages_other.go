//go:build !(linux && amd64)

package jit

import (
	"errors"
	"unsafe"
)

// Pages are never run here.
type Pages struct{ blocks map[string]compiled }

func (p *Pages) add([]byte) (at int) { return 0 }

func (p *Pages) link(int, *uintptr) {}

// Seal always fails here.
func (p *Pages) Seal() error { return errors.New("jit: not on this system") }

// Available is false here.
func Available() bool { return false }

func call(uintptr, unsafe.Pointer) { panic("jit: not on this system") }
