// Package ram tells how much memory a program may still take.
package ram

import (
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// Free returns how many bytes are left, of the machine's memory or of what a control
// group allows, whichever is less; ok is false where that is not known.
func Free() (bytes int64, ok bool) { return free(os.DirFS("/")) }

func free(root fs.FS) (least int64, ok bool) {
	least = math.MaxInt64
	if n, known := available(root); known {
		least, ok = n, true
	}
	for _, group := range groups(root) {
		limit, limited := number(root, path.Join(group.folder, group.limit))
		used, known := number(root, path.Join(group.folder, group.used))
		// Version 1 writes a huge number where there is no limit.
		if limited && known && limit < math.MaxInt64/2 {
			least, ok = min(least, max(limit-used, 0)), true
		}
	}
	return least, ok
}

// available is what /proc/meminfo says can be had without swapping.
func available(root fs.FS) (int64, bool) {
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, "MemAvailable:"); found {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return 1024 * n, err == nil
		}
	}
	return 0, false
}

// A group is a folder of a control group and its files.
type group struct{ folder, limit, used string }

// groups returns the control groups of this process and those around them, of
// version 2 and of version 1,
// https://docs.kernel.org/admin-guide/cgroup-v2.html#memory.
func groups(root fs.FS) (list []group) {
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 {
			continue
		}
		g := group{"sys/fs/cgroup", "memory.max", "memory.current"}
		switch {
		case parts[0] == "0" && parts[1] == "":
		case strings.Contains(","+parts[1]+",", ",memory,"):
			g = group{"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"}
		default:
			continue
		}
		top := g.folder
		for at := path.Clean("/" + parts[2]); ; at = path.Dir(at) {
			g.folder = path.Join(top, at)
			list = append(list, g)
			if at == "/" {
				break
			}
		}
	}
	return list
}

func number(root fs.FS, name string) (int64, bool) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil // "max" is no limit
}
