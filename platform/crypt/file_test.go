package crypt_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/coworkcare/coworkcare/platform/crypt"
)

func TestRotationKeepsOldValuesOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	require.NoError(t, crypt.Generate(path))
	place := []byte("place")
	open := func() *crypt.Keys {
		keys, err := crypt.Open(path)
		require.NoError(t, err)
		return keys
	}
	before := open()
	sealed := map[string][]byte{}
	seal := func(keys *crypt.Keys, text string) {
		value, err := keys.Seal([]byte(text), place)
		require.NoError(t, err)
		sealed[text] = value
	}
	seal(before, "first")

	require.NoError(t, crypt.Rotate(path))
	rotated := open()
	seal(rotated, "second")
	require.NotEqual(t, sealed["first"][1:5], sealed["second"][1:5], "the new key must be the primary one")
	_, err := before.Unseal(sealed["second"], place)
	require.ErrorIs(t, err, crypt.ErrUnseal, "keys read before do not know the new one")

	require.NoError(t, crypt.Stage(path))
	require.NoError(t, crypt.Stage(path), "a staged key waits already")
	staged := open()
	seal(staged, "third")
	require.Equal(t, sealed["second"][1:5], sealed["third"][1:5], "a staged key does not seal")

	require.NoError(t, crypt.Rotate(path))
	after := open()
	seal(after, "fourth")
	require.NotEqual(t, sealed["third"][1:5], sealed["fourth"][1:5])
	opened, err := staged.Unseal(sealed["fourth"], place)
	require.NoError(t, err, "who read the staged key opens what it seals later")
	require.Equal(t, "fourth", string(opened))

	for text, value := range sealed {
		opened, err := after.Unseal(value, place)
		require.NoError(t, err)
		require.Equal(t, text, string(opened))
	}
	require.Equal(t, before.Hash("d", []byte("x")), after.Hash("d", []byte("x")), "hashes are stored and never change")
	require.Equal(t, before.Derive("p"), after.Derive("p"))
	requireMode(t, path)
}

func TestRotationsAtOnceLoseNoKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	require.NoError(t, crypt.Generate(path))
	const turns = 8
	var done sync.WaitGroup
	failures := make([]error, turns)
	for i := range turns {
		done.Go(func() { failures[i] = crypt.Rotate(path) })
	}
	done.Wait()
	for _, err := range failures {
		require.NoError(t, err)
	}
	keys, err := crypt.Open(path)
	require.NoError(t, err)
	require.Contains(t, keys.String(), "of 9)")
}

func TestRotateKeepsTheLink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "secret.json"), filepath.Join(dir, "keys.json")
	require.NoError(t, crypt.Generate(target))
	require.NoError(t, os.Symlink(target, link))
	require.NoError(t, crypt.Rotate(link))
	stat, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, stat.Mode()&fs.ModeSymlink)
	keys, err := crypt.Open(target)
	require.NoError(t, err)
	require.Contains(t, keys.String(), "of 2)")
}

func TestGenerateNeverOverwrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	require.NoError(t, crypt.Generate(path))
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.ErrorIs(t, crypt.Generate(path), crypt.ErrExists)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	requireAlone(t, path)
}

func TestOpenDevAtOnceGivesOneSetOfKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	const starts = 8
	derived := make([][]byte, starts)
	failures := make([]error, starts)
	var done sync.WaitGroup
	for i := range starts {
		done.Go(func() {
			keys, err := crypt.OpenDev(dir)
			if err == nil {
				derived[i] = keys.Derive("p")
			}
			failures[i] = err
		})
	}
	done.Wait()
	for i := range starts {
		require.NoError(t, failures[i])
		require.Equal(t, derived[0], derived[i])
	}
	requireMode(t, filepath.Join(dir, crypt.FileName))
	requireAlone(t, filepath.Join(dir, crypt.FileName))
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.json")
	require.NoError(t, crypt.Generate(good))
	data, err := os.ReadFile(good)
	require.NoError(t, err)
	edited := func(edit func(content map[string]any)) []byte {
		var content map[string]any
		require.NoError(t, json.Unmarshal(data, &content))
		edit(content)
		out, err := json.Marshal(content)
		require.NoError(t, err)
		return out
	}
	cases := map[string]struct {
		data []byte
		mode fs.FileMode
		want string
	}{
		"world-readable":   {data, 0o604, "chmod 600"},
		"world-executable": {data, 0o601, "chmod 600"},
		"group-writable":   {data, 0o660, "chmod 600"},
		"empty":            {nil, 0o600, "damaged"},
		"cut":              {data[:len(data)/2], 0o600, "damaged"},
		"trailing":         {append(bytes.Clone(data), "{}"...), 0o600, "damaged"},
		"too large":        {bytes.Repeat([]byte(" "), 1<<20+1), 0o600, "damaged"},
		"unknown field":    {edited(func(c map[string]any) { c["more"] = 1 }), 0o600, "damaged"},
		"newer format":     {edited(func(c map[string]any) { c["format"] = 2 }), 0o600, "format 2"},
		"no format":        {edited(func(c map[string]any) { delete(c, "format") }), 0o600, "format 0"},
		"no root":          {edited(func(c map[string]any) { delete(c, "root_key") }), 0o600, "root key"},
		"short root":       {edited(func(c map[string]any) { c["root_key"] = "AAECAwQF" }), 0o600, "6 bytes"},
		"zero root":        {edited(func(c map[string]any) { c["root_key"] = make([]byte, 32) }), 0o600, "placeholder"},
		"no sealing keys":  {edited(func(c map[string]any) { delete(c, "sealing_keys") }), 0o600, "keyset"},
		"empty keyset":     {edited(func(c map[string]any) { c["sealing_keys"] = map[string]any{} }), 0o600, "keyset"},
		"weaker sealing key": {edited(func(c map[string]any) {
			handle, err := keyset.NewHandle(aead.AES128GCMKeyTemplate())
			require.NoError(t, err)
			var out bytes.Buffer
			require.NoError(t, insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)))
			c["sealing_keys"] = json.RawMessage(out.Bytes())
		}), 0o600, "not an AES-256-GCM key"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys.json")
			require.NoError(t, os.WriteFile(path, c.data, 0o600))
			require.NoError(t, os.Chmod(path, c.mode))
			keys, err := crypt.Open(path)
			require.ErrorContains(t, err, c.want)
			require.Nil(t, keys)
		})
	}

	t.Run("absent", func(t *testing.T) {
		_, err := crypt.Open(filepath.Join(dir, "absent.json"))
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorIs(t, crypt.Rotate(filepath.Join(dir, "absent.json")), fs.ErrNotExist)
	})
	t.Run("a damaged file is not replaced by new keys", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, crypt.FileName), []byte("{"), 0o600))
		_, err := crypt.OpenDev(dir)
		require.ErrorContains(t, err, "damaged")
	})
	t.Run("group-readable is allowed", func(t *testing.T) {
		require.NoError(t, os.Chmod(good, 0o440))
		_, err := crypt.Open(good)
		require.NoError(t, err)
	})
}

func requireMode(t *testing.T, path string) {
	t.Helper()
	stat, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), stat.Mode().Perm())
}

// requireAlone checks that no temporary file with key material is left beside the key file.
func requireAlone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1)
}
