package page_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/page"
)

func tokens() *page.Tokens { return page.New(bytes.Repeat([]byte{7}, 32)) }

func TestTokenRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		query := rapid.String().Draw(t, "query")
		keys := rapid.SliceOfN(rapid.String(), 0, 6).Draw(t, "keys")
		token := tokens().Encode(query, keys...)
		require.NotEmpty(t, token)
		got, err := tokens().Decode(query, token)
		require.NoError(t, err)
		require.Equal(t, len(keys), len(got))
		for i := range keys {
			require.Equal(t, keys[i], got[i])
		}

		_, err = tokens().Decode(query+"x", token)
		require.ErrorIs(t, err, page.ErrBadToken)
	})
}

func TestEveryAlteredByteIsRefused(t *testing.T) {
	raw, err := base64.RawURLEncoding.DecodeString(tokens().Encode("query", "2026-01-31", "id"))
	require.NoError(t, err)
	for i := range raw {
		altered := bytes.Clone(raw)
		altered[i] ^= 1
		_, err := tokens().Decode("query", base64.RawURLEncoding.EncodeToString(altered))
		require.ErrorIs(t, err, page.ErrBadToken, "byte %d", i)
	}
	for i := range raw {
		_, err := tokens().Decode("query", base64.RawURLEncoding.EncodeToString(raw[:i]))
		if i > 0 {
			require.ErrorIs(t, err, page.ErrBadToken, "cut at %d", i)
		}
	}
}

func TestDecode(t *testing.T) {
	good := tokens().Encode("query", "a")
	keys, err := tokens().Decode("query", "")
	require.NoError(t, err)
	require.Nil(t, keys)

	// A key moved from the body into the query does not verify.
	_, err = tokens().Decode("quer", good)
	require.ErrorIs(t, err, page.ErrBadToken)

	for _, bad := range []string{"x", good + "\n", "\r" + good, good + "=", good + "A", " " + good, "AAAA", strings.Repeat("A", 5000), good[:len(good)-1] + "+"} {
		_, err := tokens().Decode("query", bad)
		require.ErrorIs(t, err, page.ErrBadToken, "%q", bad)
	}

	other := page.New(bytes.Repeat([]byte{8}, 32))
	_, err = other.Decode("query", good)
	require.ErrorIs(t, err, page.ErrBadToken)

	keyless := page.New(nil)
	_, err = keyless.Decode("query", keyless.Encode("query", "a"))
	require.ErrorIs(t, err, page.ErrBadToken)
}

func TestTheKeyIsCopied(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	made := page.New(key)
	token := made.Encode("q", "a")
	clear(key)
	_, err := made.Decode("q", token)
	require.NoError(t, err)
}

func FuzzDecode(f *testing.F) {
	f.Add("query", tokens().Encode("query", "2026-01-31", "id"))
	f.Add("", "")
	f.Add("query", "AAAA")
	f.Fuzz(func(t *testing.T, query, token string) {
		keys, err := tokens().Decode(query, token)
		switch {
		case err != nil && !errors.Is(err, page.ErrBadToken):
			t.Fatalf("untyped error: %v", err)
		case err == nil && token != "" && tokens().Encode(query, keys...) != token:
			t.Fatalf("a token that Encode does not make was accepted: %q", token)
		}
	})
}

func TestSize(t *testing.T) {
	for _, test := range []struct {
		requested int32
		want      int
	}{{0, 50}, {1, 1}, {50, 50}, {200, 200}, {201, 200}, {1 << 30, 200}} {
		got, err := page.Size(test.requested, 50, 200)
		require.NoError(t, err)
		require.Equal(t, test.want, got)
	}
	_, err := page.Size(-1, 50, 200)
	require.ErrorIs(t, err, page.ErrNegativeSize)
}

func TestEtag(t *testing.T) {
	require.Equal(t, `"r12"`, page.Etag(12))
	for text, want := range map[string]int64{
		`"r12"`: 12, "r12": 12, "*": page.AnyRevision, `"r0"`: 0, "r9223372036854775807": 1<<63 - 1,
	} {
		got, err := page.ParseEtag(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, bad := range []string{
		"", `""`, `"`, "12", `"12"`, `W/"r12"`, `w/"r12"`, `"r12`, `r12"`, "r-1", "r+1", "r012", "r1_0", "r0x1", "r", `"*"`,
		`"r1", "r2"`, `"r12" `, "R12", "r9223372036854775808", "r١",
	} {
		_, err := page.ParseEtag(bad)
		require.ErrorIs(t, err, page.ErrBadEtag, "%q", bad)
	}
	rapid.Check(t, func(t *rapid.T) {
		revision := rapid.Int64Min(0).Draw(t, "revision")
		got, err := page.ParseEtag(page.Etag(revision))
		require.NoError(t, err)
		require.Equal(t, revision, got)
	})
}
