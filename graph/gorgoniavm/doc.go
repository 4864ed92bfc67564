// Package gorgoniavm runs programs that were written for gorgonia on this library's
// engine. [NewTapeMachine] and [NewLispMachine] take the place of gorgonia's: the
// graph is translated to nodes of package graph, differentiated by our rules, and
// compiled into a program over the tensors that the program has bound. docs/gorgonia.md
// says what changes, and has a table of all ops.
//
// An op's value is what gorgonia computes; its gradient is the derivative of that
// value. What has no operation of ours runs by its own Do, and its gradient by its
// own SymDiff.
//
// What gorgonia does not export is read by reflection (fields.go), for one version
// of it; with another, gorgonia's own machine runs.
package gorgoniavm
