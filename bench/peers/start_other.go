//go:build !linux

package main

// start runs the program; here it may run on any processor.
func (p program) start() error { return p.Start() }
