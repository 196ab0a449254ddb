# wire and coding are one convenience library: whoever wants messages wants both.  Link it with libobol.la, or libobol-model.la in
# tests (addresses), and there with libobol-crypto.la (wiping).
noinst_LTLIBRARIES += libobol-pfkey-coding.la
libobol_pfkey_coding_la_SOURCES = $(PFKEY_WIRE_SOURCES) \
	%D%/address.c %D%/build.c %D%/bytes.c %D%/decode.c %D%/dump.c %D%/encode.c %D%/encode.h %D%/extension.c %D%/extension.h \
	%D%/lists.c %D%/message.h %D%/policy.c %D%/rules.c %D%/sa.c
libobol_pfkey_coding_la_CPPFLAGS = $(PFKEY_CPPFLAGS)
libobol_pfkey_coding_la_LIBADD = $(GLIB_LIBS)
