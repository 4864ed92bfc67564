package graph

import (
	"hash/maphash"
	"math/bits"
	"slices"
)

// knownNodes finds nodes by their op and inputs. It is a table of numbers, so it
// is small, and the garbage collector has nothing to see in it.
type knownNodes struct {
	slots []slot // a power of two; a node is in the first free one from its hash on
	n     int
}

type slot struct {
	hash uint32
	node int32 // id plus 1, or 0 for none
}

// Nodes of more inputs are not looked for.
const mostKnownInputs = 3

var opSeed = maphash.MakeSeed()

func hashNode(op Op, in []*Node) uint32 {
	h := maphash.Comparable(opSeed, op)
	for _, x := range in {
		hi, lo := bits.Mul64(h^uint64(x.id+1), 0x9e3779b97f4a7c15)
		h = hi ^ lo
	}
	return uint32(h ^ h>>32)
}

// find returns op(in...), or nil if it is not there.
func (k *knownNodes) find(nodes []*Node, hash uint32, op Op, in []*Node) *Node {
	mask := uint32(len(k.slots) - 1)
	for at := hash & mask; len(k.slots) > 0 && k.slots[at].node > 0; at = (at + 1) & mask {
		if s := k.slots[at]; s.hash == hash {
			if y := nodes[s.node-1]; y.op == op && slices.Equal(y.in, in) {
				return y
			}
		}
	}
	return nil
}

// add adds a node that is not there.
func (k *knownNodes) add(hash uint32, y *Node) {
	if k.n++; 2*k.n > len(k.slots) {
		old := k.slots
		k.slots = make([]slot, max(64, 2*len(old)))
		for _, s := range old {
			if s.node > 0 {
				k.put(s)
			}
		}
	}
	k.put(slot{hash, int32(y.id + 1)})
}

func (k *knownNodes) put(s slot) {
	mask := uint32(len(k.slots) - 1)
	at := s.hash & mask
	for k.slots[at].node > 0 {
		at = (at + 1) & mask
	}
	k.slots[at] = s
}
