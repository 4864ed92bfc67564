package exec

import (
	"fmt"
	"strings"
)

// Listing prints the program: each step with its number, and what it computes.
func (p *Program[T]) Listing() string {
	var b strings.Builder
	for i, g := range p.groups {
		if at := p.stepOf[i]; i > 0 && at == p.stepOf[i-1] {
			b.WriteString("     ") // another scalar of the same step
		} else {
			fmt.Fprintf(&b, "%3d  ", at)
		}
		if g.region {
			if len(g.batch) > 0 {
				fmt.Fprintf(&b, "%d regions as one loop over %d elements; the first is\n", len(g.batch), g.n)
				g.vals = g.batch[0].vals
			} else {
				fmt.Fprintf(&b, "region %v\n", p.f.vals[g.vals[0]].dims)
			}
			for _, v := range g.vals {
				fmt.Fprintf(&b, "       %s\n", p.line(v))
			}
			continue
		}
		fmt.Fprintf(&b, "%s\n", p.line(g.vals[0]))
		s := p.steps[p.stepOf[i]]
		if shared, ok := s.(*sharedStep); ok {
			s = shared.divisible
		}
		if l, ok := s.(*loopStep[T]); ok {
			b.WriteString(l.listing())
		}
	}
	for i, u := range p.plan.copies {
		fmt.Fprintf(&b, "%3d  %s <- %s\n", len(p.steps)+i, p.name(u.Leaf), p.name(u.Value))
	}
	once := ""
	if p.once > 0 {
		once = fmt.Sprintf(", the first %d once", p.once)
	}
	fmt.Fprintf(&b, "%d steps%s, arena %d bytes, %d scalars\n", len(p.steps)+len(p.ends), once, p.ArenaBytes(), len(p.scalars))
	return b.String()
}

func (p *Program[T]) line(v Val) string {
	x := &p.f.vals[v]
	names := make([]string, len(x.args))
	for k, a := range x.args {
		names[k] = p.name(a)
	}
	what := ""
	if x.kind == kOperation {
		what = x.op.line(names)
	} else {
		what = called(x.code.String(), names)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s = %s", p.name(v), what)
	fmt.Fprintf(&b, "  %v", x.dims)
	switch h := p.plan.allocs[v]; h.space {
	case spaceArena:
		fmt.Fprintf(&b, " @%d", h.at)
	case spaceLeaf:
		fmt.Fprintf(&b, " in place of %s", p.f.leaves[h.at].Name)
	}
	return b.String()
}

func (p *Program[T]) name(v Val) string {
	x := &p.f.vals[v]
	switch x.kind {
	case kLeaf:
		return p.f.leaves[x.leaf].Name
	case kConst:
		return fmt.Sprintf("%g", x.imm)
	case kShape:
		return fmt.Sprintf("%s%v", p.name(x.args[0]), x.dims)
	}
	return fmt.Sprintf("%%%d", v)
}
