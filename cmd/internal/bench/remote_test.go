package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
)

// server is the product in a process of its own.
type server struct {
	hello
	tb  testing.TB
	in  io.WriteCloser
	out *bufio.Scanner
}

// startServer starts the product from a program, this one or that of another revision.
func startServer(tb testing.TB, program string, c childConfig) *server {
	tb.Helper()
	text, err := json.Marshal(c)
	require.NoError(tb, err)
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	cmd.Stderr = os.Stderr
	s := &server{tb: tb}
	s.in, err = cmd.StdinPipe()
	require.NoError(tb, err)
	out, err := cmd.StdoutPipe()
	require.NoError(tb, err)
	require.NoError(tb, cmd.Start())
	s.out = bufio.NewScanner(out)
	s.out.Buffer(nil, 1<<20)
	tb.Cleanup(func() {
		_ = s.in.Close()
		if err := cmd.Wait(); err != nil {
			tb.Errorf("the server ended badly: %v", err)
		}
	})
	require.NoError(tb, s.read(&s.hello))
	return s
}

func (s *server) read(into any) error {
	if !s.out.Scan() {
		return errors.Join(s.out.Err(), errors.New("the server is gone"))
	}
	return json.Unmarshal(s.out.Bytes(), into)
}

func (s *server) tell(c command) answer {
	s.tb.Helper()
	line, err := json.Marshal(c)
	require.NoError(s.tb, err)
	_, err = fmt.Fprintf(s.in, "%s\n", line)
	require.NoError(s.tb, err)
	var a answer
	require.NoError(s.tb, s.read(&a))
	require.Empty(s.tb, a.Error, c.Do)
	return a
}

// usage is what the server has used up, of what it does unasked too.
func (s *server) usage() usage { return s.tell(command{Do: "usage"}).Usage }

// settle returns when everything that follows from the calls so far is done.
func (s *server) settle() { s.tell(command{Do: "settle"}) }

// alone lets do run while the services do nothing unasked.
func (s *server) alone(do func()) {
	s.tell(command{Do: "rest"})
	do()
	s.tell(command{Do: "work"})
}

// statements are those of one call.
func (s *server) statements(call func()) []string {
	s.tell(command{Do: "watch"})
	call()
	return s.tell(command{Do: "seen"}).Statements
}

// token is one of a practitioner with a role at a unit; the operator's for no unit.
func (s *server) token(person string, at identity.Assignment) string {
	return s.tell(command{Do: "token", Claims: &devissuer.Claims{Subject: person, PractitionerID: person, Assignments: []identity.Assignment{at}}}).Token
}
