package crypt_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/crypt"
)

func openDev(t testing.TB) *crypt.Keys {
	t.Helper()
	keys, err := crypt.OpenDev(t.TempDir())
	require.NoError(t, err)
	return keys
}

func TestSealOpensOnlyInItsPlace(t *testing.T) {
	keys, other := openDev(t), openDev(t)
	number, place := []byte("191212121212"), []byte("patients/identity_number/1")
	sealed, err := keys.Seal(number, place)
	require.NoError(t, err)
	require.Len(t, sealed, len(number)+33)
	require.NotContains(t, string(sealed), string(number))

	opened, err := keys.Unseal(sealed, place)
	require.NoError(t, err)
	require.Equal(t, number, opened)

	again, err := keys.Seal(number, place)
	require.NoError(t, err)
	require.NotEqual(t, sealed, again, "equal values must not be recognisable")

	_, err = keys.Unseal(sealed, []byte("patients/identity_number/2"))
	require.ErrorIs(t, err, crypt.ErrUnseal)
	_, err = other.Unseal(sealed, place)
	require.ErrorIs(t, err, crypt.ErrUnseal)
	_, err = keys.Unseal(nil, place)
	require.ErrorIs(t, err, crypt.ErrUnseal)
	_, err = keys.Unseal(sealed, nil)
	require.ErrorIs(t, err, crypt.ErrNoAssociatedData)
	_, err = keys.Seal(number, nil)
	require.ErrorIs(t, err, crypt.ErrNoAssociatedData)
}

func TestTamperingIsSeenAtEveryByte(t *testing.T) {
	keys := openDev(t)
	place := []byte("place")
	sealed, err := keys.Seal([]byte("secret"), place)
	require.NoError(t, err)
	for i := range sealed {
		for bit := range 8 {
			altered := bytes.Clone(sealed)
			altered[i] ^= 1 << bit
			_, err := keys.Unseal(altered, place)
			require.ErrorIs(t, err, crypt.ErrUnseal, "byte %d bit %d", i, bit)
		}
		_, err := keys.Unseal(sealed[:i], place)
		require.ErrorIs(t, err, crypt.ErrUnseal, "cut to %d bytes", i)
	}
}

func TestSealRoundTrip(t *testing.T) {
	keys := openDev(t)
	rapid.Check(t, func(t *rapid.T) {
		plaintext := rapid.SliceOf(rapid.Byte()).Draw(t, "plaintext")
		place := rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "place")
		sealed, err := keys.Seal(plaintext, place)
		require.NoError(t, err)
		opened, err := keys.Unseal(sealed, place)
		require.NoError(t, err)
		require.True(t, bytes.Equal(plaintext, opened))
	})
}

func TestHashSeparatesDomainsAndParts(t *testing.T) {
	keys, other := openDev(t), openDev(t)
	hash := func(domain string, parts ...string) string {
		data := make([][]byte, len(parts))
		for i, part := range parts {
			data[i] = []byte(part)
		}
		return hex.EncodeToString(keys.Hash(domain, data...))
	}
	inputs := map[string]string{
		"one part":           hash("d", "abc"),
		"two parts":          hash("d", "ab", "c"),
		"two parts, shifted": hash("d", "a", "bc"),
		"empty part after":   hash("d", "abc", ""),
		"empty part before":  hash("d", "", "abc"),
		"no part":            hash("d"),
		"empty part":         hash("d", ""),
		"other domain":       hash("e", "abc"),
		"domain takes part":  hash("dabc"),
		"framed by hand":     hash("d", "\x00\x00\x00\x00\x00\x00\x00\x03abc"),
		"other installation": hex.EncodeToString(other.Hash("d", []byte("abc"))),
	}
	seen := map[string]string{}
	for name, sum := range inputs {
		require.Len(t, sum, 2*crypt.DerivedSize)
		require.Empty(t, seen[sum], "%s meets %s", name, seen[sum])
		seen[sum] = name
	}
	require.Equal(t, hash("d", "ab", "c"), hash("d", "ab", "c"))
}

func TestDerive(t *testing.T) {
	dir := t.TempDir()
	keys, err := crypt.OpenDev(dir)
	require.NoError(t, err)
	again, err := crypt.OpenDev(dir)
	require.NoError(t, err)
	require.Len(t, keys.Derive("service-token"), crypt.DerivedSize)
	require.Equal(t, keys.Derive("service-token"), again.Derive("service-token"))
	require.NotEqual(t, keys.Derive("service-token"), keys.Derive("page-token"))
	require.NotEqual(t, keys.Derive("service-token"), openDev(t).Derive("service-token"))
}

// The values of a fixed key file (made for this test alone) must never change: stored hashes and sealed rows depend on them.
func TestKnownAnswers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	data, err := os.ReadFile(filepath.Join("testdata", "keys.json"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	keys, err := crypt.Open(path)
	require.NoError(t, err)
	require.Equal(t, "ab113c284f796c3061e29c6bea2cfb2563d88bc293cf79e34f82a32f68042abf", hex.EncodeToString(keys.Hash("identity", []byte("provider"), []byte("191212121212"))))
	require.Equal(t, "3182394ad21d932b54c953f5959a63bb2bbc4adca79414e8c96b88ec8d276d26", hex.EncodeToString(keys.Derive("service-token")))
	sealed, err := hex.DecodeString("0195522e2c91df9265d62b8b487c05a7db838c782d32613e62ba60c9dfd04bb98357825a302ede29f5f2556c89")
	require.NoError(t, err)
	opened, err := keys.Unseal(sealed, []byte("place"))
	require.NoError(t, err)
	require.Equal(t, "known answer", string(opened))
}

func TestPrintingShowsNoMaterial(t *testing.T) {
	dir := t.TempDir()
	keys, err := crypt.OpenDev(dir)
	require.NoError(t, err)
	var content struct {
		Root []byte `json:"root_key"`
		Seal struct {
			Key []struct {
				KeyData struct {
					Value []byte `json:"value"`
				} `json:"keyData"`
			} `json:"key"`
		} `json:"sealing_keys"`
	}
	data, err := os.ReadFile(filepath.Join(dir, crypt.FileName))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &content))
	sealing := content.Seal.Key[0].KeyData.Value
	require.GreaterOrEqual(t, len(sealing), 32)
	// The serialised key ends with its 32 bytes.
	secrets := [][]byte{content.Root, sealing[len(sealing)-32:], keys.Derive("any")}

	type inner struct {
		pointer *crypt.Keys
		value   crypt.Keys
	}
	holders := []any{keys, *keys, inner{keys, *keys}, &inner{keys, *keys}, []*crypt.Keys{keys}, map[string]any{"keys": *keys}}
	var out strings.Builder
	for _, holder := range holders {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "% x", "%o", "%b", "%c", "%T"} {
			fmt.Fprintf(&out, verb+"\n", holder)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("configured", "keys", holder)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("configured", "keys", holder)
	}
	printed := out.String()
	require.Contains(t, printed, "crypt.Keys(primary ")
	for _, secret := range secrets {
		decimal := strings.Trim(fmt.Sprint(secret[:4]), "[]")
		octets := fmt.Sprintf("%#v", secret[:4])
		for _, form := range []string{
			string(secret[:4]), decimal, octets[strings.Index(octets, "{")+1 : len(octets)-1], base64.StdEncoding.EncodeToString(secret)[:8],
			hex.EncodeToString(secret[:6]), strings.ToUpper(hex.EncodeToString(secret[:6])), fmt.Sprintf("% x", secret[:6]),
		} {
			require.NotContains(t, printed, form)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	keys := openDev(b)
	provider, number := []byte("019a0000-0000-7000-8000-000000000001"), []byte("191212121212")
	b.ReportAllocs()
	for b.Loop() {
		keys.Hash("identity", provider, number)
	}
}

func BenchmarkSeal(b *testing.B) {
	keys := openDev(b)
	number, place := []byte("191212121212"), []byte("patients/identity_number/019a0000-0000-7000-8000-000000000001")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.Seal(number, place); err != nil {
			b.Fatal(err)
		}
	}
}
