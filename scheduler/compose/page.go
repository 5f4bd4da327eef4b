package compose

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"coalition/scheduler/conversation"
)

// openPage gives an offer the page on which it can be answered, and returns its address; "" where there are none. Its
// token has 128 random bits; only its hash is kept beside the finished bytes.
func (co *Composer) openPage(d *conversation.Draft) string {
	if co.Link == nil {
		return ""
	}
	b := make([]byte, 16)
	// Which never fails.
	rand.Read(b)
	token := base64.RawURLEncoding.EncodeToString(b)
	d.Page = Hash(token)
	d.Conversation.OpenPage(d.Page, d.At)
	return co.Link(token)
}

// Hash returns what is kept of the token of a page.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
