package authres_test

import (
	"fmt"

	"coalition/invites/email/inbound/authres"
)

func ExampleJudge() {
	trust := []string{"mx.example.org"}
	for _, field := range []string{
		"mx.example.org; spf=pass smtp.mailfrom=example.com; dkim=pass header.d=example.com; dmarc=pass",
		"mx.example.org; spf=pass smtp.mailfrom=list.example.net; dmarc=fail header.from=example.com",
		"mx.example.org; spf=softfail; dkim=none",
	} {
		fmt.Printf("%+v\n", authres.Judge([]string{field}, "maya@example.com", trust))
	}
	// Output:
	// {Doubt: Refused: Vouched:true}
	// {Doubt: Refused:DMARC failed Vouched:false}
	// {Doubt:the receiving server could not verify who sent it: neither SPF nor DKIM passed Refused: Vouched:false}
}
