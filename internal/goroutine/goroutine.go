// Package goroutine tells goroutines apart, so that two that use one thing at
// once can be refused. Go has no name for a goroutine, on purpose: nothing but
// such a check may depend on one.
package goroutine
