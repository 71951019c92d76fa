package functional_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// refuses runs a process that is to end by itself at once, with an error, and gives what it says.
func (s *site) refuses(args ...string) string {
	s.t.Helper()
	p := s.begin(args...)
	require.NotZerof(s.t, p.exit(20*time.Second), "it ran: %v", args)
	require.Emptyf(s.t, p.out.String(), "%v writes to its output", args)
	return p.err.String()
}

// only expects one line that names a variable and nothing of how the program is made.
func only(t testing.TB, said string, names ...string) {
	t.Helper()
	require.Equalf(t, 1, strings.Count(said, "\n"), "one line: %q", said)
	require.Truef(t, strings.HasPrefix(said, "coworkcare: "), "%q", said)
	for _, name := range names {
		require.Contains(t, said, name)
	}
	require.NotContains(t, said, "goroutine")
}

// serving gives a site what `coworkcare serve` asks for, with an issuer that nobody is.
func (s *site) serving() *site {
	s.t.Helper()
	keys := filepath.Join(s.t.TempDir(), "keys.json")
	made := launch(s.t, "coworkcare", nil, "keys", "generate", keys)
	require.Zero(s.t, made.exit(20*time.Second), made.err.String())
	s.settings["COWORKCARE_KEYS_FILE"] = keys
	s.settings["COWORKCARE_OIDC_ISSUER"] = "http://127.0.0.1:9/issuer"
	return s
}

func TestServeSaysWhatIsMissing(t *testing.T) {
	const postgres = "postgres://coworkcare:s3cr3t-w0rd@127.0.0.1:9/coworkcare"
	for name, one := range map[string]struct {
		change func(map[string]string)
		names  []string
	}{
		"everything":            {func(e map[string]string) { delete(e, "COWORKCARE_OIDC_ISSUER"); delete(e, "COWORKCARE_KEYS_FILE") }, []string{"COWORKCARE_OIDC_ISSUER", "COWORKCARE_KEYS_FILE"}},
		"the issuer":            {func(e map[string]string) { delete(e, "COWORKCARE_OIDC_ISSUER") }, []string{"COWORKCARE_OIDC_ISSUER"}},
		"the keys":              {func(e map[string]string) { delete(e, "COWORKCARE_KEYS_FILE") }, []string{"COWORKCARE_KEYS_FILE", "keys generate"}},
		"Redis beside a server": {func(e map[string]string) { e["COWORKCARE_DATABASE_URL"] = postgres }, []string{"COWORKCARE_REDIS_URL"}},
		"all three": {func(e map[string]string) {
			e["COWORKCARE_DATABASE_URL"] = postgres
			delete(e, "COWORKCARE_OIDC_ISSUER")
			delete(e, "COWORKCARE_KEYS_FILE")
		}, []string{"COWORKCARE_OIDC_ISSUER", "COWORKCARE_KEYS_FILE", "COWORKCARE_REDIS_URL"}},
		"the file of keys": {func(e map[string]string) { e["COWORKCARE_KEYS_FILE"] += ".gone" }, []string{"COWORKCARE_KEYS_FILE"}},
		"a database": {func(e map[string]string) {
			e["COWORKCARE_DATABASE_URL"] = postgres
			e["COWORKCARE_REDIS_URL"] = "redis://127.0.0.1:9"
		}, nil},
		"a scheme": {func(e map[string]string) { e["COWORKCARE_DATABASE_URL"] = "mysql://127.0.0.1/x" }, []string{"COWORKCARE_DATABASE_URL"}},
		"several values": {func(e map[string]string) {
			e["COWORKCARE_HTTP_ADDR"] = "nowhere"
			e["COWORKCARE_LOG_LEVEL"] = "loud"
			e["COWORKCARE_REDIS_URL"] = "http://x"
			e["COWORKCARE_DATABASE_MAX_CONNS"] = "1"
		},
			[]string{"COWORKCARE_HTTP_ADDR", "COWORKCARE_LOG_LEVEL", "COWORKCARE_REDIS_URL", "COWORKCARE_DATABASE_MAX_CONNS"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t).serving()
			one.change(s.settings)
			said := s.refuses("serve")
			for _, variable := range one.names {
				require.Contains(t, said, variable)
			}
			require.NotContains(t, said, "s3cr3t-w0rd")
			require.NotContains(t, said, "goroutine")
			require.NoDirExists(t, s.settings["COWORKCARE_DATA_DIR"], "what is refused leaves nothing behind")
		})
	}
}

func TestWordsThatMeanNothing(t *testing.T) {
	s := newSite(t).serving()
	require.Contains(t, s.refuses("serve", "patient", "dentist"), "dentist")
	require.Contains(t, s.refuses("serve", "--no-such-flag"), "no-such-flag")
	require.Contains(t, s.refuses("swim"), "swim")
	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, []byte("htpp_addr: 127.0.0.1:1\n"), 0o600))
	require.Contains(t, s.refuses("dev", "--config", config), "htpp_addr")
	require.NoDirExists(t, s.settings["COWORKCARE_DATA_DIR"])
}

// Development trusts whoever comes, so nobody from elsewhere can.
func TestDevStaysOnLoopback(t *testing.T) {
	for _, variable := range []string{"COWORKCARE_HTTP_ADDR", "COWORKCARE_GRPC_ADDR", "COWORKCARE_OPS_ADDR"} {
		for _, host := range []string{"0.0.0.0", "", "[::]", "192.0.2.1", "example.com"} {
			t.Run(variable+"="+host, func(t *testing.T) {
				t.Parallel()
				s := newSite(t)
				_, port, err := net.SplitHostPort(s.settings[variable])
				require.NoError(t, err)
				s.settings[variable] = host + ":" + port
				only(t, s.refuses("dev"), variable, "127.0.0.1")
				require.NoDirExists(t, s.settings["COWORKCARE_DATA_DIR"])
			})
		}
	}
}

func TestTakenPort(t *testing.T) {
	for _, command := range []string{"dev", "serve"} {
		for _, variable := range []string{"COWORKCARE_HTTP_ADDR", "COWORKCARE_GRPC_ADDR", "COWORKCARE_OPS_ADDR"} {
			t.Run(command+" "+variable, func(t *testing.T) {
				t.Parallel()
				s := newSite(t).serving()
				taken, err := net.Listen("tcp", s.settings[variable])
				require.NoError(t, err)
				defer taken.Close()
				only(t, s.refuses(command), variable, s.settings[variable])
				require.NoDirExists(t, s.settings["COWORKCARE_DATA_DIR"])
			})
		}
	}
}

// Data of people and data of a laptop never meet.
func TestDevAndServeKeepApart(t *testing.T) {
	for name, put := range map[string]func(*site) *site{
		"sqlite":   func(s *site) *site { return s },
		"postgres": func(s *site) *site { return s.onPostgres().withRedis() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := put(newSite(t)).serving()
			s.start("dev").stop(syscall.SIGTERM)
			only(t, s.refuses("serve"), "coworkcare dev", "coworkcare serve")
			s.start("dev").stop(syscall.SIGTERM)

			s = put(newSite(t)).serving()
			p := s.begin("serve") // its issuer cannot be reached, so it never says that it is ready; it serves all the same
			eventually(t, readyWithin, "serve is up", func() error { _, err := s.operations("/livez"); return err })
			p.stop(syscall.SIGTERM)
			only(t, s.refuses("dev"), "coworkcare dev", "coworkcare serve")
		})
	}
}

func TestOneProcessOnAFolder(t *testing.T) {
	s := newSite(t)
	p := s.start("dev")
	other := s.replica()
	for range 2 {
		only(t, other.refuses("dev"), "COWORKCARE_DATA_DIR", s.settings["COWORKCARE_DATA_DIR"])
	}
	require.NoError(t, s.ready(), "the first one goes on")
	p.kill()
	p = s.start("dev") // who was killed holds no lock
	p.stop(syscall.SIGTERM)
}

// A folder that a newer program has written is left as it is.
func TestNewerFolder(t *testing.T) {
	s := newSite(t)
	s.start("dev").stop(syscall.SIGTERM)
	dir := s.settings["COWORKCARE_DATA_DIR"]
	require.NoError(t, os.WriteFile(filepath.Join(dir, "format"), []byte("2\n"), 0o600))
	before := s.folder()
	only(t, s.refuses("dev"), dir, "newer")
	s.serving()
	only(t, s.refuses("serve"), dir, "newer")
	require.Equal(t, before, s.folder())

	require.NoError(t, os.WriteFile(filepath.Join(dir, "format"), []byte("1\n"), 0o600))
	s.start("dev").stop(syscall.SIGTERM)
}

// A folder of something else is no data folder, and a file is no folder.
func TestForeignFolder(t *testing.T) {
	s := newSite(t)
	dir := s.settings["COWORKCARE_DATA_DIR"]
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "format"), []byte("A4\n"), 0o600))
	only(t, s.refuses("dev"), dir)
	s.settings["COWORKCARE_DATA_DIR"] = filepath.Join(dir, "format")
	only(t, s.refuses("dev"), "format")
}
