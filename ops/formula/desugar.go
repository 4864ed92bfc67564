package formula

import "github.com/expr-lang/expr/ast"

// desugar makes calls of what has another form in the text: c ? a : b, a if c
// else b, x.sum() and x.T.
type desugar struct{}

func (desugar) Visit(n *ast.Node) {
	switch x := (*n).(type) {
	case *ast.ConditionalNode:
		c, a := x.Cond, x.Exp1
		if mark, ok := a.(*ast.CallNode); ok && len(mark.Arguments) == 1 {
			if id, ok := mark.Callee.(*ast.IdentifierNode); ok && id.Value == ifMark {
				c, a = mark.Arguments[0], c
			}
		}
		replace(n, x.Cond, "where", c, a, x.Exp2)
	case *ast.CallNode:
		if m, ok := x.Callee.(*ast.MemberNode); ok {
			if name, ok := m.Property.(*ast.StringNode); ok {
				replace(n, x, name.Value, append([]ast.Node{m.Node}, x.Arguments...)...)
			}
		}
	case *ast.MemberNode:
		if name, ok := x.Property.(*ast.StringNode); ok && name.Value == "T" && !x.Method {
			replace(n, x, "transpose", x.Node)
		}
	}
}

// replace puts a call in place of a node.
func replace(n *ast.Node, at ast.Node, name string, args ...ast.Node) {
	id := &ast.IdentifierNode{Value: name}
	id.SetLocation(at.Location())
	call := &ast.CallNode{Callee: id, Arguments: args}
	call.SetLocation(at.Location())
	*n = call
}
