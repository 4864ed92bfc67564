// Package goroutine tells goroutines apart, so that two that use one thing at
// once can be refused, and so that what a foreign function is in the middle of is kept
// apart, where it passes nothing on. Go has no name for a goroutine, on purpose: nothing
// else may depend on one.
package goroutine
