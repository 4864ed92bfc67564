package study

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"

	"descent/bench"
	"descent/internal/numjson"
)

// MaxCarried is how large the files of a study may be that a page carries.
const MaxCarried = 20 << 20

// carried is what a report carries: what was done, and what came of it.
type carried struct {
	Study   Study
	Results *bench.Results
}

// pack returns it as a text for a page: gzipped JSON in base 64.
func (c *carried) pack() (string, error) {
	var b bytes.Buffer
	out := gzip.NewWriter(&b)
	text, err := numjson.Marshal(c)
	if err == nil {
		_, err = out.Write(text)
	}
	if err == nil {
		err = out.Close()
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), err
}

// unpack reads such a text.
func unpack(text string) (*carried, error) {
	packed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("what the page carries: %w", err)
	}
	in, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("what the page carries: %w", err)
	}
	if packed, err = io.ReadAll(in); err != nil {
		return nil, fmt.Errorf("what the page carries: %w", err)
	}
	c := &carried{}
	if err := numjson.Unmarshal(packed, c); err != nil {
		return nil, fmt.Errorf("what the page carries: %w", err)
	}
	if err := c.Results.Check(); err != nil {
		return nil, fmt.Errorf("what the page carries: %w", err)
	}
	return c, nil
}
