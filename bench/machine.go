package bench

import (
	"bufio"
	"os"
	"runtime"
	"strings"

	"descent/internal/kernel"
)

// A Machine is where a study was done.
type Machine struct {
	CPU  string `json:"cpu"`
	CPUs int    `json:"cpus"`
	OS   string `json:"os"`
	Arch string `json:"arch"`
	// Instructions is the set that the kernels use: avx512, avx2, or portable,
	// whose results are the same bits everywhere.
	Instructions string `json:"instructions"`
	Go           string `json:"go"`
}

// ThisMachine describes the machine that the program runs on.
func ThisMachine() Machine {
	return Machine{CPU: cpuName(), CPUs: runtime.NumCPU(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Instructions: kernel.Active().String(), Go: runtime.Version()}
}

// cpuName returns the processor's name where Linux says it, else "".
func cpuName() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if key, name, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(name)
		}
	}
	return ""
}
