// Package config is the one struct by which every process is set up: defaults, then a file, then COWORKCARE_* variables, then
// flags. It is validated once and can be printed with its secrets masked.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// envPrefix stands before every variable's name.
const envPrefix = "COWORKCARE_"

// Config is how a process is set up. The tag `help` is the text of the flag; `secret` fields are masked when printed.
type Config struct {
	HTTPAddr    string        `koanf:"http_addr" help:"address of the REST API"`
	GRPCAddr    string        `koanf:"grpc_addr" help:"address of the gRPC API"`
	OpsAddr     string        `koanf:"ops_addr" help:"address of health, readiness, metrics and profiles; never to be reached from outside"`
	DataDir     string        `koanf:"data_dir" help:"folder of the stores (without a database URL) and of development keys"`
	DatabaseURL string        `koanf:"database_url" secret:"url" help:"PostgreSQL, postgres://…; empty keeps SQLite files in the data folder"`
	DatabaseMax int           `koanf:"database_max_conns" help:"connections to PostgreSQL per service"`
	RedisURL    string        `koanf:"redis_url" secret:"url" help:"Redis, redis://… or rediss://…; empty runs one inside the process (dev only)"`
	OIDCIssuer  string        `koanf:"oidc_issuer" help:"issuer of the callers' tokens, exactly as in their iss"`
	OIDCJWKSURL string        `koanf:"oidc_jwks_url" help:"where the issuer publishes its keys; empty asks its discovery document"`
	Audience    string        `koanf:"oidc_audience" help:"audience that the callers' tokens must name"`
	KeysFile    string        `koanf:"keys_file" help:"file of the installation's keys, made by coworkcare keys generate"`
	Remote      string        `koanf:"services" help:"addresses of services that run elsewhere: patient=host:9090,careplan=host:9090"`
	CORSOrigins string        `koanf:"cors_origins" help:"web origins that browsers may call from, separated by commas; empty allows none"`
	LogLevel    string        `koanf:"log_level" help:"debug, info, warn or error"`
	TraceSlow   time.Duration `koanf:"trace_slow" help:"calls and pieces of work that take this long are traced whatever share is sampled, as are those that fail; 0 for those that fail alone"`
	DrainDelay  time.Duration `koanf:"drain_delay" help:"how long to go on serving, as not ready, after a signal to stop"`
	DrainGrace  time.Duration `koanf:"drain_grace" help:"how long calls under way may take to finish"`
}

// Defaults are the values that hold when nothing else is said.
func Defaults() Config {
	return Config{
		HTTPAddr: "127.0.0.1:8080", GRPCAddr: "127.0.0.1:9090", OpsAddr: "127.0.0.1:9100", DataDir: ".coworkcare",
		DatabaseMax: 8, Audience: "coworkcare", LogLevel: "info", TraceSlow: time.Second, DrainGrace: 8 * time.Second,
	}
}

// Flags defines a flag for every field; `config` names the file.
func Flags(flags *pflag.FlagSet) {
	flags.String("config", "", "configuration file, YAML (COWORKCARE_CONFIG)")
	defaults := reflect.ValueOf(Defaults())
	for i := range defaults.NumField() {
		field := defaults.Type().Field(i)
		name := strings.ReplaceAll(field.Tag.Get("koanf"), "_", "-")
		help := field.Tag.Get("help") + " (" + Variable(field.Tag.Get("koanf")) + ")"
		switch value := defaults.Field(i).Interface().(type) {
		case string:
			flags.String(name, value, help)
		case int:
			flags.Int(name, value, help)
		case time.Duration:
			flags.Duration(name, value, help)
		}
	}
}

// Variable is the environment variable of a field.
func Variable(key string) string { return envPrefix + strings.ToUpper(key) }

// Load reads the configuration. Unknown keys in the file are refused: a misspelt one must not pass for a default.
func Load(flags *pflag.FlagSet, environ func() []string) (Config, error) {
	k := koanf.New(".")
	c := Defaults()
	if err := k.Load(structs.Provider(c, "koanf"), nil); err != nil {
		return c, fmt.Errorf("loading the defaults: %w", err)
	}
	known := map[string]bool{}
	for _, key := range k.Keys() {
		known[key] = true
	}
	variables := koanf.New(".")
	err := variables.Load(env.Provider(".", env.Opt{Prefix: envPrefix, EnvironFunc: environ, TransformFunc: func(key, value string) (string, any) {
		return strings.ToLower(strings.TrimPrefix(key, envPrefix)), value
	}}), nil)
	if err != nil {
		return c, fmt.Errorf("reading the environment: %w", err)
	}
	path, _ := flags.GetString("config")
	if path == "" {
		path = variables.String("config")
	}
	if path != "" {
		written := koanf.New(".")
		if err := written.Load(file.Provider(path), yaml.Parser()); err != nil {
			return c, fmt.Errorf("reading the configuration file %s: %w", path, err)
		}
		for _, key := range written.Keys() {
			if !known[key] {
				return c, fmt.Errorf("the configuration file %s has an unknown key %q", path, key)
			}
		}
		if err := k.Merge(written); err != nil {
			return c, fmt.Errorf("merging the configuration file %s: %w", path, err)
		}
	}
	for key := range known {
		if variables.Exists(key) {
			if err := k.Set(key, variables.Get(key)); err != nil {
				return c, fmt.Errorf("reading %s: %w", Variable(key), err)
			}
		}
	}
	err = k.Load(posflag.ProviderWithFlag(flags, ".", k, func(f *pflag.Flag) (string, any) {
		return strings.ReplaceAll(f.Name, "-", "_"), posflag.FlagVal(flags, f)
	}), nil)
	if err != nil {
		return c, fmt.Errorf("reading the flags: %w", err)
	}
	if err := k.Unmarshal("", &c); err != nil {
		return c, fmt.Errorf("reading the configuration: %w", err)
	}
	return c, c.validate()
}

// validate gathers everything that is wrong with the values.
func (c Config) validate() error {
	var errs []error
	for _, address := range []struct{ key, value string }{{"http_addr", c.HTTPAddr}, {"grpc_addr", c.GRPCAddr}, {"ops_addr", c.OpsAddr}} {
		if _, _, err := net.SplitHostPort(address.value); err != nil {
			errs = append(errs, fmt.Errorf("%s is not host:port: %q", Variable(address.key), address.value))
		}
	}
	checkScheme := func(key, value string, schemes ...string) {
		if value == "" {
			return
		}
		parsed, err := url.Parse(value)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s is not a URL", Variable(key)))
			return
		}
		for _, scheme := range schemes {
			if parsed.Scheme == scheme {
				return
			}
		}
		errs = append(errs, fmt.Errorf("%s must begin with %s://", Variable(key), strings.Join(schemes, ":// or ")))
	}
	checkScheme("database_url", c.DatabaseURL, "postgres", "postgresql")
	checkScheme("redis_url", c.RedisURL, "redis", "rediss", "unix")
	checkScheme("oidc_issuer", c.OIDCIssuer, "https", "http")
	if _, err := c.Level(); err != nil {
		errs = append(errs, err)
	}
	if _, err := c.RemoteServices(); err != nil {
		errs = append(errs, err)
	}
	if c.DatabaseMax < 2 || c.DatabaseMax > 1000 {
		errs = append(errs, fmt.Errorf("%s must be 2 to 1000", Variable("database_max_conns")))
	}
	if c.TraceSlow < 0 {
		errs = append(errs, fmt.Errorf("%s must be a duration such as 1s, or 0", Variable("trace_slow")))
	}
	if c.DrainDelay < 0 || c.DrainGrace <= 0 {
		errs = append(errs, fmt.Errorf("%s and %s must be durations such as 8s", Variable("drain_delay"), Variable("drain_grace")))
	}
	return errors.Join(errs...)
}

// Production says everything that is missing before strangers may be served.
func (c Config) Production() error {
	var errs []error
	missing := func(key, why string) {
		errs = append(errs, fmt.Errorf("%s is missing: %s", Variable(key), why))
	}
	if c.OIDCIssuer == "" {
		missing("oidc_issuer", "the issuer whose tokens are trusted")
	}
	if c.KeysFile == "" {
		missing("keys_file", "the file of the installation's keys; make one with `coworkcare keys generate FILE`")
	}
	if c.DatabaseURL != "" && c.RedisURL == "" {
		missing("redis_url", "replicas on one PostgreSQL wake each other over Redis")
	}
	return errors.Join(errs...)
}

// Level is the log level.
func (c Config) Level() (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return level, fmt.Errorf("%s must be debug, info, warn or error", Variable("log_level"))
	}
	return level, nil
}

// RemoteServices are the addresses of services that run elsewhere, by name.
func (c Config) RemoteServices() (map[string]string, error) {
	remote := map[string]string{}
	for part := range strings.SplitSeq(c.Remote, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, address, ok := strings.Cut(part, "=")
		if !ok || name == "" || address == "" {
			return nil, fmt.Errorf("%s must be like patient=host:9090,careplan=host:9090", Variable("services"))
		}
		remote[name] = address
	}
	return remote, nil
}

// Origins are the web origins that browsers may call from.
func (c Config) Origins() []string {
	var origins []string
	for origin := range strings.SplitSeq(c.CORSOrigins, ",") {
		if origin = strings.TrimSpace(origin); origin != "" {
			origins = append(origins, origin)
		}
	}
	return origins
}

// LogValue prints every setting, secrets masked.
func (c Config) LogValue() slog.Value {
	value := reflect.ValueOf(c)
	attrs := make([]slog.Attr, 0, value.NumField())
	for i := range value.NumField() {
		field := value.Type().Field(i)
		shown := fmt.Sprint(value.Field(i).Interface())
		if field.Tag.Get("secret") == "url" && shown != "" {
			shown = mask(shown)
		}
		attrs = append(attrs, slog.String(field.Tag.Get("koanf"), shown))
	}
	return slog.GroupValue(attrs...)
}

// mask keeps of a URL what an operator needs to recognise it. A password may also stand among the parameters.
func mask(text string) string {
	parsed, err := url.Parse(text)
	if err != nil {
		return "(masked)"
	}
	return parsed.Scheme + "://" + parsed.Host + parsed.Path
}
