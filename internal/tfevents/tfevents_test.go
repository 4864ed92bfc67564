package tfevents

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// sumOf is CRC-32C bit by bit, as RFC 3720 defines it.
func sumOf(b []byte) uint32 {
	sum := ^uint32(0)
	for _, c := range b {
		sum ^= uint32(c)
		for range 8 {
			sum = sum>>1 ^ 0x82f63b78&-(sum&1)
		}
	}
	return ^sum
}

// records reads a file, and checks its sums.
func records(b []byte) (all [][]byte, err error) {
	unmask := func(b []byte) uint32 {
		x := binary.LittleEndian.Uint32(b) - 0xa282ead8
		return x>>17 | x<<15
	}
	for len(b) > 0 {
		n := binary.LittleEndian.Uint64(b)
		content := b[12 : 12+n]
		if sumOf(b[:8]) != unmask(b[8:]) || sumOf(content) != unmask(b[12+n:]) {
			return nil, errors.New("a sum is wrong")
		}
		all, b = append(all, content), b[16+n:]
	}
	return all, nil
}

// fields decodes a message: what fields have, one after the other.
func fields(t *testing.T, b []byte) (all map[int][]any) {
	t.Helper()
	all = map[int][]any{}
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		b = b[n:]
		var v any
		switch key & 7 {
		case 0:
			x, n := binary.Uvarint(b)
			v, b = x, b[n:]
		case 1:
			v, b = math.Float64frombits(binary.LittleEndian.Uint64(b)), b[8:]
		case 2:
			x, n := binary.Uvarint(b)
			v, b = b[n:n+int(x)], b[n+int(x):]
		case 5:
			v, b = math.Float32frombits(binary.LittleEndian.Uint32(b)), b[4:]
		default:
			t.Fatalf("wire type %d", key&7)
		}
		all[int(key>>3)] = append(all[int(key>>3)], v)
	}
	return all
}

// written is a file with two steps.
func written(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	at := time.Unix(1700000000, 5e8)
	w, err := NewWriter(&b, at)
	if err == nil {
		err = w.Write(at, 300, Value{Tag: "loss/train", Scalar: 0.25}, Value{Tag: "weights/w", Histogram: []float64{-1, 2, math.NaN(), 2, math.Inf(1)}})
	}
	if err == nil {
		err = w.Write(at.Add(time.Second), 301, Value{Tag: "loss/train", Scalar: math.NaN()}, Value{Tag: "weights/same", Histogram: []float64{3, 3}}, Value{Tag: "weights/none", Histogram: []float64{}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What is written is read back by a reader that shares no code, and each byte counts.
func TestReadBack(t *testing.T) {
	file := written(t)
	all, err := records(file)
	if err != nil || len(all) != 3 {
		t.Fatalf("%d records, %v", len(all), err)
	}
	if f := fields(t, all[0]); f[1][0] != 1700000000.5 || string(f[3][0].([]byte)) != "brain.Event:2" {
		t.Errorf("the first: %v", f)
	}
	f := fields(t, all[1])
	if f[1][0] != 1700000000.5 || f[2][0] != uint64(300) {
		t.Errorf("the second: %v", f)
	}
	values := fields(t, f[5][0].([]byte))[1]
	if v := fields(t, values[0].([]byte)); string(v[1][0].([]byte)) != "loss/train" || v[2][0] != float32(0.25) {
		t.Errorf("a number: %v", v)
	}
	v := fields(t, values[1].([]byte))
	h := fields(t, v[5][0].([]byte))
	if string(v[1][0].([]byte)) != "weights/w" || !reflect.DeepEqual([]any{h[1][0], h[2][0], h[3][0], h[4][0], h[5][0]}, []any{-1.0, 2.0, 3.0, 3.0, 9.0}) {
		t.Errorf("a histogram: %v", h)
	}
	limits, counts := h[6][0].([]byte), h[7][0].([]byte)
	float := func(b []byte, i int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:])) }
	total, last := 0.0, len(limits)/8-1
	for i := range counts[:len(counts)/8] {
		total += float(counts, i)
	}
	if len(limits) != len(counts) || float(limits, last) != 2 || float(counts, 0) != 1 || float(counts, last) != 2 || total != 3 {
		t.Errorf("its buckets: limits to %v, %v and %v in the first and the last, %v in all", float(limits, last), float(counts, 0), float(counts, last), total)
	}
	for i := range file {
		damaged := bytes.Clone(file)
		damaged[i] ^= 0x10
		if wrong := func() (err error) {
			defer func() {
				if recover() != nil {
					err = errors.New("cut")
				}
			}()
			_, err = records(damaged)
			return err
		}(); wrong == nil {
			t.Errorf("byte %d is damaged, and nobody sees it", i)
		}
	}
}

// The package tfrecord of Node reads the file, and checks its sums. DESCENT_TFRECORD is a
// folder where it is installed (version 0.2.0).
func TestNodeReadsBack(t *testing.T) {
	node, err := exec.LookPath("node")
	modules := os.Getenv("DESCENT_TFRECORD")
	if err != nil || modules == "" {
		t.Skip("there is no node, or DESCENT_TFRECORD does not say where tfrecord is installed")
	}
	path := filepath.Join(t.TempDir(), "events")
	if err := os.WriteFile(path, written(t), 0o600); err != nil {
		t.Fatal(err)
	}
	const program = `require("tfrecord").RecordReader.create(process.argv[1]).then(async (r) => {
	let n = 0;
	for (let record; (record = await r.readRecord()); n++) if (n === 0) console.log(Buffer.from(record).toString("latin1"));
	console.log(n, "records");
}).catch((e) => { console.log(e.message); process.exit(1); });`
	cmd := exec.Command(node, "-e", program, path)
	cmd.Dir = modules
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "brain.Event:2") || !strings.Contains(string(out), "3 records") {
		t.Errorf("%v: %s", err, out)
	}
}
