# rule-totals.awk - run as: awk -f rule-totals.awk doc/rfc7296.md
# Prints where the sums of the table are not those that the document states before it.

function stated(text,   parts, n, i, words) {
	n = split(text, parts, /[,;] /)
	for (i = 1; i < n; i++) {
		split(parts[i], words, " ")
		said[words[1]] = words[2]
	}
	all = text
	sub(/.*in all /, "", all)
	sub(/[.].*/, "", all)
}
/^key words by section: / { in_totals = 1; sub(/^key words by section: /, "") }
in_totals && /^$/ { in_totals = 0; stated(totals) }
in_totals { totals = totals $0 " "; next }
/^Rows, and the key words/ { in_states = 1 }
in_states && /^$/ { in_states = 0 }
in_states { states = states $0 " " }
/^\| [0-9]/ {
	split($0, cells, " [|] ")
	section = substr(cells[1], 3)
	found[section] += cells[2]
	sum += cells[2]
	if (match(cells[4], /^(kept|partly|not kept|does not concern us|see|no rule)/)) {
		state = substr(cells[4], 1, RLENGTH)
		n_rows[state]++
		n_words[state] += cells[2]
	} else {
		print FILENAME ": a row of section " section " does not say whether the rule is kept"
	}
}
END {
	for (section in found)
		if (found[section] != said[section])
			print FILENAME ": section " section " has " found[section] " key words in its rows, and is said to have " said[section]
	for (section in said)
		if (!(section in found))
			print FILENAME ": section " section " has no rows"
	if (sum != all)
		print FILENAME ": " sum " key words in all rows, and " all " are stated"
	for (state in n_rows) {
		text = (state == "see" ? "see another section" : state) " " n_rows[state] " (" n_words[state] ")"
		if (index(states, " " text) == 0)
			print FILENAME ": not stated: " text
	}
}
