//go:build !(linux && amd64)

package jit

import (
	"errors"
	"unsafe"
)

// Pages hold nothing here.
type Pages struct{}

func (p *Pages) add([]byte, *uintptr) {}

// Seal always fails here.
func (p *Pages) Seal() error { return errors.New("jit: not on this system") }

// Available is false here.
func Available() bool { return false }

func call(uintptr, unsafe.Pointer) { panic("jit: not on this system") }
