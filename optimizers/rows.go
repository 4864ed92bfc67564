package optimizers

// Rules that leave alone what has gradient 0, see [rule.Sparing].

// Spares implements [rule.Sparing].
func (r SGDRule) Spares() bool { return r.Momentum == 0 }

// Spares implements [rule.Sparing].
func (AdaGradRule) Spares() bool { return true }

// Spares implements [rule.Sparing].
func (ClipRule) Spares() bool { return true }

// Spares implements [rule.Sparing].
func (ClipValueRule) Spares() bool { return true }

// Spares implements [rule.Sparing].
func (LazyAdamRule) Spares() bool { return true }

// LazyAdamRule is [AdamRule] in which rows of an embedding that a batch does not
// use stand still, and their running means with them: PyTorch calls it SparseAdam.
// For other parameters it is Adam.
type LazyAdamRule struct {
	Beta1 float64 `help:"decay of the mean" range:"[0,1)"`
	Beta2 float64 `help:"decay of the mean square" range:"[0,1)"`
	Eps   float64 `help:"added to the root" range:"[0,inf)"`
}

// LazyAdam returns the rule with PyTorch's defaults.
func LazyAdam() LazyAdamRule { return LazyAdamRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8} }

// Update implements [Rule].
func (r LazyAdamRule) Update(s *Step) *node {
	return AdamRule{Beta1: r.Beta1, Beta2: r.Beta2, Eps: r.Eps}.Update(s)
}
