package engine

import "descent/internal/page"

// Load finds none: a page makes no pages.
func Load(string) (*page.Engine, error) { return nil, ErrNone }
