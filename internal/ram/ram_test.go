package ram

import (
	"math"
	"testing"
	"testing/fstest"
)

func TestFree(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	const meminfo = "MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    8000000 kB\n"
	for _, c := range []struct {
		name string
		root fstest.MapFS
		want int64
		ok   bool
	}{
		{"another system", fstest.MapFS{}, math.MaxInt64, false},
		{"a machine", fstest.MapFS{"proc/meminfo": file(meminfo)}, 8000000 << 10, true},
		{"an old kernel", fstest.MapFS{"proc/meminfo": file("MemFree: 1 kB\n")}, math.MaxInt64, false},
		{"a container", fstest.MapFS{"proc/meminfo": file(meminfo), "proc/self/cgroup": file("0::/\n"),
			"sys/fs/cgroup/memory.max": file("1000000\n"), "sys/fs/cgroup/memory.current": file("400000\n")}, 600000, true},
		{"one that is full", fstest.MapFS{"proc/self/cgroup": file("0::/\n"),
			"sys/fs/cgroup/memory.max": file("1000\n"), "sys/fs/cgroup/memory.current": file("1001\n")}, 0, true},
		{"no limit", fstest.MapFS{"proc/meminfo": file(meminfo), "proc/self/cgroup": file("0::/a\n"),
			"sys/fs/cgroup/a/memory.max": file("max\n"), "sys/fs/cgroup/a/memory.current": file("400000\n")}, 8000000 << 10, true},
		{"a group around it", fstest.MapFS{"proc/self/cgroup": file("0::/a/b\n"),
			"sys/fs/cgroup/a/b/memory.max": file("9000\n"), "sys/fs/cgroup/a/b/memory.current": file("1000\n"),
			"sys/fs/cgroup/a/memory.max": file("5000\n"), "sys/fs/cgroup/a/memory.current": file("1000\n")}, 4000, true},
		{"version 1", fstest.MapFS{"proc/self/cgroup": file("5:cpu,memory:/x\n1:name=systemd:/x\n"),
			"sys/fs/cgroup/memory/x/memory.limit_in_bytes": file("7000\n"), "sys/fs/cgroup/memory/x/memory.usage_in_bytes": file("1000\n")}, 6000, true},
		{"version 1 without a limit", fstest.MapFS{"proc/self/cgroup": file("5:memory:/\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n"), "sys/fs/cgroup/memory/memory.usage_in_bytes": file("1000\n")}, math.MaxInt64, false},
	} {
		if got, ok := free(c.root); got != c.want || ok != c.ok {
			t.Errorf("%s: %d, %v; want %d, %v", c.name, got, ok, c.want, c.ok)
		}
	}
}
