package templates

import "testing"

func BenchmarkView(b *testing.B) {
	s, _ := Load("")
	t := Sample()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.View("en", t); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMessage(b *testing.B) {
	s, _ := Load("")
	for _, k := range []Kind{Brief, Invitation} {
		b.Run(string(k), func(b *testing.B) {
			v, _ := s.View("en", Sample())
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Message(k); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEntry(b *testing.B) {
	s, _ := Load("")
	v, _ := s.View("en", Sample())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Entry(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		s, _ := Load("")
		s.View("en", Sample())
	}
}

func TestTwice(t *testing.T) {
	s, _ := Load("")
	for range 2 {
		for _, p := range s.Check() {
			t.Error(p)
		}
	}
	v, _ := s.View("en", Sample())
	m, _ := v.Message(Brief)
	t.Log(len(m.HTML), len(m.Text))
}
