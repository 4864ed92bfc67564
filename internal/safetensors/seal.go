package safetensors

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"strings"
)

// The checksum of a file is in its metadata: the SHA-256 of the file in which its
// own digits are zeros. No single bit that changes goes unseen: the checksum is
// known by its key and by how it begins, and only one of both can be hit.
const (
	sealKey   = "descent.checksum"
	sealBegin = "sha256:"
)

var zeros = strings.Repeat("0", 2*sha256.Size)

// withRoom returns metadata with a place for the checksum.
func withRoom(meta map[string]string) map[string]string {
	if len(seals(meta)) > 0 {
		panic("safetensors: metadata that look like a checksum")
	}
	with := map[string]string{sealKey: sealBegin + zeros}
	maps.Copy(with, meta)
	return with
}

// seals are the keys of what is a checksum, or looks like one.
func seals(meta map[string]string) (keys []string) {
	for k, v := range meta {
		if k == sealKey || strings.HasPrefix(v, sealBegin) {
			keys = append(keys, k)
		}
	}
	return keys
}

// seal writes the checksum of a file to its place.
func seal(text []byte) {
	sum := sha256.Sum256(text)
	at := bytes.Index(text, []byte(sealBegin+zeros))
	hex.Encode(text[at+len(sealBegin):], sum[:])
}

// checkSeal compares the checksum, if there is one, and takes it out of the
// metadata. The text is the file, whose header ends at end.
func checkSeal(text []byte, end int, meta map[string]string) error {
	keys := seals(meta)
	if len(keys) == 0 {
		return nil
	}
	value := meta[keys[0]]
	at := bytes.Index(text[:end], []byte(value))
	if len(keys) > 1 || len(value) != len(sealBegin)+len(zeros) || at < 0 {
		return errDamaged
	}
	hash := sha256.New()
	hash.Write(text[:at+len(sealBegin)])
	hash.Write([]byte(zeros))
	hash.Write(text[at+len(value):])
	if hex.EncodeToString(hash.Sum(nil)) != value[len(sealBegin):] {
		return errDamaged
	}
	delete(meta, keys[0])
	return nil
}

var errDamaged = errors.New("the file is damaged: its checksum is another")
