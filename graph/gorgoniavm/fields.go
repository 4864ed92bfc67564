package gorgoniavm

import (
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"sync"
	"unsafe"

	"gorgonia.org/gorgonia"
)

// This file is the only one that looks behind what gorgonia exports.

// Version is the version of gorgonia whose machines are replaced.
const Version = "v0.9.18"

// A field is one of a struct of gorgonia's that is read without being exported.
type field struct {
	of     reflect.Type
	name   string
	index  []int
	offset uintptr
}

// Fields of nodes and machines. Those of ops are looked up by name (see
// [setting]), since most graphs have few of them.
var (
	nodeChildren = field{of: reflect.TypeFor[gorgonia.Node](), name: "children"}
	nodeGroup    = field{of: reflect.TypeFor[gorgonia.Node](), name: "group"}
	nodeBound    = field{of: reflect.TypeFor[gorgonia.Node](), name: "boundTo"}

	tapeType = reflect.TypeOf(gorgonia.NewTapeMachine).Out(0).Elem()
	lispType = reflect.TypeOf(gorgonia.NewLispMachine).Out(0).Elem()
	dualType reflect.Type // what a node is bound to that has a gradient
)

// machineFields are those that options set; both machines have those of the
// first row.
var machineFields = map[reflect.Type][]string{
	tapeType: {"logger", "valueFmt", "logFlags", "runFlags", "evalMode", "Engine", "bindNodesDV", "watchNodes", "watchNodeIDs", "p"},
	lispType: {"logger", "valueFmt", "logFlags", "runFlags", "evalMode", "Engine", "watchlist"},
}

// checked looks once whether this gorgonia is the one that is known here.
var checked = sync.OnceValue(func() error {
	if v := linkedVersion(); v != "" && v != Version {
		return fmt.Errorf("gorgonia is %s, not %s", v, Version)
	}
	var errs []error
	for _, f := range []*field{&nodeChildren, &nodeGroup, &nodeBound} {
		found, ok := f.of.FieldByName(f.name)
		if !ok {
			errs = append(errs, fmt.Errorf("gorgonia's %v has no field %s", f.of, f.name))
		}
		f.index, f.offset = found.Index, found.Offset
	}
	for t, names := range machineFields {
		for _, name := range names {
			if _, ok := t.FieldByName(name); !ok {
				errs = append(errs, fmt.Errorf("gorgonia's %v has no field %s", t, name))
			}
		}
	}
	cache, ok := reflect.TypeFor[gorgonia.AdamSolver]().FieldByName("cache")
	if ok && cache.Type.Kind() == reflect.Slice {
		dualType = cache.Type.Elem()
	} else {
		errs = append(errs, errors.New("gorgonia's AdamSolver has no field cache"))
	}
	return errors.Join(errs...)
})

// linkedVersion is that of the gorgonia in this program, "" if nobody knows, as
// where it is replaced by a copy.
func linkedVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, d := range info.Deps {
		if d.Path == "gorgonia.org/gorgonia" && d.Replace == nil {
			return d.Version
		}
	}
	return ""
}

// in returns the field of what p points to.
func (f *field) in(p any) reflect.Value { return reflect.ValueOf(p).Elem().FieldByIndex(f.index) }

// children returns the inputs of a node in order, with repetitions.
func children(n *gnode) []*gnode {
	f := nodeChildren.in(n)
	out := make([]*gnode, f.Len())
	for i := range out {
		out[i] = (*gnode)(f.Index(i).UnsafePointer())
	}
	return out
}

// group is the cluster of the drawing that gorgonia has put a node in.
func group(n *gnode) string { return nodeGroup.in(n).String() }

// isDual says whether a node is bound to a value with a gradient of its own.
func isDual(n *gnode) bool {
	b := bound(n)
	return *b != nil && reflect.TypeOf(*b) == dualType
}

// bound is where a node has what it is bound to.
func bound(n *gnode) *gorgonia.Value {
	return (*gorgonia.Value)(unsafe.Add(unsafe.Pointer(n), nodeBound.offset))
}

// setBound binds a value to a node whatever its shape is.
func setBound(n *gnode, v gorgonia.Value) {
	*bound(n) = v
}

// setting returns a field of an op, exported or not; embedded structs are one
// step of the path each.
func setting(op any, path ...string) (reflect.Value, error) {
	v := reflect.ValueOf(op)
	for _, name := range path {
		for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		f := reflect.Value{}
		if v.Kind() == reflect.Struct {
			f = v.FieldByName(name)
		}
		if !f.IsValid() {
			return f, fmt.Errorf("%T has no field %s", op, name)
		}
		v = f
	}
	return v, nil
}

// target is where a Read statement puts its value.
func target(op gorgonia.Op) (*gorgonia.Value, error) {
	f, err := setting(op, "into")
	if err != nil || f.Kind() != reflect.Pointer {
		return nil, errors.Join(err, errors.New("gorgonia's Read keeps no pointer"))
	}
	return (*gorgonia.Value)(f.UnsafePointer()), nil
}

// private makes an unexported field of addressable memory usable.
func private[T any](v reflect.Value, name string) T {
	f := v.FieldByName(name)
	return *(*T)(unsafe.Pointer(f.UnsafeAddr()))
}

// opName is the name of an op's Go type: "elemBinOp".
func opName(op gorgonia.Op) string {
	t := reflect.TypeOf(op)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}
