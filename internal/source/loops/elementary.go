package loops

import "descent/internal/elementary"

// What stands here is elementary's own in an exported model.

// Exp is [elementary.Exp].
func Exp(x float64) float64 { return elementary.Exp(x) }

// Log is [elementary.Log].
func Log(x float64) float64 { return elementary.Log(x) }

// Sigmoid is [elementary.Sigmoid].
func Sigmoid(x float64) float64 { return elementary.Sigmoid(x) }
