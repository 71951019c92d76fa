package throwaway

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// watchdogScript reads process ids, one a line, until the pipe closes, then
// ends the last one named (0 names none) and removes the folder.
const watchdogScript = `
dir=$1 stop=$2 pid=0
while read -r line; do pid=$line; done
if [ "$pid" -gt 0 ]; then
	kill -"$stop" "$pid" 2>/dev/null
	kill -CONT "$pid" 2>/dev/null
	n=0
	while [ "$n" -lt 50 ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; n=$((n+1)); done
	kill -KILL "$pid" 2>/dev/null
fi
rm -rf "$dir" || { sleep 1; rm -rf "$dir"; }
`

// watchdog outlives this process by the moment it takes to clean up after it.
type watchdog struct {
	cmd *exec.Cmd

	mu   sync.Mutex
	pipe *os.File // nil after release
}

func startWatchdog(dir string, stop syscall.Signal) (*watchdog, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	cmd := exec.Command("/bin/sh", "-c", watchdogScript, "throwaway-watchdog", dir, fmt.Sprint(int(stop)))
	cmd.Stdin, cmd.Dir = read, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		write.Close()
		return nil, err
	}
	return &watchdog{cmd: cmd, pipe: write}, nil
}

// guard names the process to end with this one; 0 names none.
func (w *watchdog) guard(pid int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pipe != nil {
		_, _ = fmt.Fprintln(w.pipe, pid)
	}
}

// release lets the watchdog do its work now and waits for it.
func (w *watchdog) release() {
	w.mu.Lock()
	pipe := w.pipe
	w.pipe = nil
	w.mu.Unlock()
	if pipe == nil {
		return
	}
	pipe.Close()
	_ = w.cmd.Wait()
}
