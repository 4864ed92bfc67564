package gorgoniavm

import (
	"errors"
	"fmt"
	"log"
	"reflect"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// settings are what the options of a machine ask for.
type settings struct {
	eval     bool           // EvalMode
	bindDual bool           // BindDualValues
	dual     gorgonia.Nodes // of these only, if there are any
	trace    bool           // TraceExec
	nan, inf bool           // WithNaNWatch, WithInfWatch
	watchAll bool           // WithWatchlist of nothing
	watch    map[int64]bool // WithWatchlist, by id
	logger   *log.Logger    // WithLogger
	format   string         // WithValueFmt
	program  gorgonia.Nodes // what WithPrecompiled runs
	compiled bool           // WithPrecompiled
	forward  bool           // of a LispMachine: no gradients
	manual   bool           // WithManualGradient: roots have the gradients that they are given
	every    bool           // of a LispMachine: gradients of all nodes
	engine   tensor.Engine  // WithEngine
}

// Bits of gorgonia's run and log flags (vm.go).
const (
	flagForward, flagBackward = 1 << 0, 1 << 1
	flagNaN, flagInf          = 1 << 2, 1 << 3
	flagTrace, flagOwn        = 1 << 6, 1 << 7 // the latter: dual values of a tape machine, root gradients of a LispMachine
	flagWatchAll              = 1 << 8
)

// apply lets options set what they set in a machine of gorgonia's that is never
// run: they are functions of an unexported type. They panic where it is of the
// wrong kind.
func apply(machine reflect.Type, flags uint64, opts []gorgonia.VMOpt) (m reflect.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("an option of the machine: %v", r)
		}
	}()
	p := reflect.New(machine)
	m = p.Elem()
	*(*uint16)(m.FieldByName("runFlags").Addr().UnsafePointer()) = uint16(flags)
	m.FieldByName("Engine").Set(reflect.ValueOf(gorgonia.StandardEngine{}))
	for _, opt := range opts {
		opt(p.Interface().(gorgonia.VM))
	}
	return m, nil
}

// common reads what both machines have.
func common(m reflect.Value) settings {
	run, logs := m.FieldByName("runFlags").Uint(), m.FieldByName("logFlags").Uint()
	return settings{
		eval: m.FieldByName("evalMode").Bool(), engine: m.FieldByName("Engine").Interface().(tensor.Engine),
		nan: run&flagNaN != 0, inf: run&flagInf != 0,
		watchAll: logs&flagWatchAll != 0, watch: map[int64]bool{},
		logger: private[*log.Logger](m, "logger"), format: m.FieldByName("valueFmt").String(),
	}
}

// tapeSettings reads the options of a tape machine.
func tapeSettings(opts []gorgonia.VMOpt) (settings, error) {
	m, err := apply(tapeType, 0, opts)
	if err != nil {
		return settings{}, err
	}
	s := common(m)
	flags := m.FieldByName("runFlags").Uint()
	s.trace, s.bindDual = flags&flagTrace != 0, flags&flagOwn != 0
	s.dual = private[gorgonia.Nodes](m, "bindNodesDV")
	for _, n := range private[gorgonia.Nodes](m, "watchNodes") {
		s.watch[n.ID()] = true
	}
	for _, id := range private[[]gorgonia.NodeID](m, "watchNodeIDs") {
		s.watch[int64(id)] = true
	}
	if p := m.FieldByName("p"); !p.IsNil() {
		g, ok := p.Elem().Type().FieldByName("g")
		if !ok || g.Type != reflect.TypeFor[*gorgonia.ExprGraph]() {
			return s, errors.New("gorgonia's compiled program has no graph")
		}
		s.compiled, s.program = true, private[*gorgonia.ExprGraph](p.Elem(), "g").AllNodes()
	}
	return s, nil
}

// lispSettings reads the options of a LispMachine, which runs both ways unless
// told otherwise. Values and gradients come from one program, so that with
// ExecuteBwdOnly both are made.
func lispSettings(opts []gorgonia.VMOpt) (settings, error) {
	m, err := apply(lispType, flagForward|flagBackward, opts)
	if err != nil {
		return settings{}, err
	}
	s := common(m)
	flags := m.FieldByName("runFlags").Uint()
	s.forward, s.manual, s.bindDual, s.every = flags&flagBackward == 0, flags&flagOwn != 0, true, true
	for _, n := range private[gorgonia.Nodes](m, "watchlist") {
		s.watch[n.ID()] = true
	}
	return s, nil
}

// watched says whether the logger is to be told of a node.
func (s *settings) watched(n *gorgonia.Node) bool {
	return s.logger != nil && (s.watchAll || s.watch[n.ID()])
}
