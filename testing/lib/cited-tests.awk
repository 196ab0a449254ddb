# cited-tests.awk - run as: awk -f cited-tests.awk SOURCE... DOCUMENT.md...
# Prints the names between backticks in the last column of the documents' tables that no test of the sources has.
#
# A name of GLib's tests begins with /.  Sources put such names together from literals, so each of its parts has to be (part of) a
# literal, or a pattern of printf() whose gap is one; where a literal has the last part with something before it, so has the name.
# A name without / is a claim of testing/blackbox or a scenario of testing/interop.  In a document * stands for any text.

function literal(text,   parts, n, i) {
	n = split(text, parts, "/")
	for (i = 1; i <= n; i++) {
		known[parts[i]] = 1
		if (parts[i] ~ /%|-$/ && parts[i] !~ /^%[a-z]$/)
			patterns[parts[i]] = 1
	}
	if (n > 1 && parts[n] != "" && parts[n] !~ /^%[a-z]$/)
		longer[parts[n]] = longer[parts[n]] "\n" text
}
FILENAME ~ /\.c$/ {
	rest = $0
	if (rest ~ /RULE\("[0-9.]+", "[^"]+"/) # a macro of some programs joins the two
		sub(/", "/, "/", rest)
	while (match(rest, /"[^" ]+"/)) {
		literal(substr(rest, RSTART + 1, RLENGTH - 2))
		rest = substr(rest, RSTART + RLENGTH)
	}
	next
}
FILENAME ~ /\.py$/ { if (match($0, /^def [A-Za-z0-9_]+/)) claims[substr($0, 5, RLENGTH - 4)] = 1; next }
FILENAME ~ /\.sh$/ { if (match($0, /^scenario_[a-z0-9_]+/)) claims[substr($0, 10, RLENGTH - 9)] = 1; next }

# A part as it may be spelt in a source: whole, without the number that a loop has put behind it, or by a pattern.
function spelt(part,   p, percent, before, after, gap) {
	if (part in known)
		return 1
	for (p in patterns) {
		percent = index(p, "%")
		before = percent ? substr(p, 1, percent - 1) : p
		after = percent ? substr(p, percent + 2) : ""
		if (length(part) <= length(before) + length(after) || index(part, before) != 1 || substr(part, length(part) - length(after) + 1) != after)
			continue
		gap = substr(part, length(before) + 1, length(part) - length(before) - length(after))
		if (gap in known || gap == "*" || (gap ~ /^[0-9]+$/ && p ~ /%u/))
			return 1
	}
	return 0
}
function globbed(part,   k, pattern) {
	if (part == "*")
		return 1
	pattern = part
	gsub(/[.]/, "[.]", pattern)
	gsub(/[*]/, ".*", pattern)
	for (k in known)
		if (k ~ "^" pattern "$")
			return 1
	return 0
}
function suffix_agrees(name, part,   i, n, texts) {
	if (!(part in longer))
		return 1
	n = split(longer[part], texts, "\n")
	for (i = 2; i <= n; i++)
		if (texts[i] ~ /%/ || substr(name, length(name) - length(texts[i]) + 1) == texts[i])
			return 1
	return 0
}
function composed(name,   parts, n, i) {
	n = split(name, parts, "/")
	for (i = 2; i <= n; i++)
		if (!spelt(parts[i]) && !(parts[i] ~ /[*]/ && globbed(parts[i])))
			return 0
	return suffix_agrees(name, parts[n])
}
function exists(name,   bare) {
	if (name !~ /^\//)
		return name in claims
	bare = name
	sub(/-([0-9]+|[*])$/, "", bare)
	return composed(name) || composed(bare)
}
/^\|/ {
	n = split($0, cells, "|")
	rest = cells[n - 1]
	while (match(rest, /`[^`]+`/)) {
		name = substr(rest, RSTART + 1, RLENGTH - 2)
		if (!exists(name))
			print FILENAME ": no test is called " name
		rest = substr(rest, RSTART + RLENGTH)
	}
}
