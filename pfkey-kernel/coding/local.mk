# Link it with libobol.la, or libobol-model.la in tests (addresses).
noinst_LTLIBRARIES += libobol-pfkey-coding.la
libobol_pfkey_coding_la_SOURCES = $(PFKEY_WIRE_SOURCES) \
	%D%/message.h
libobol_pfkey_coding_la_CPPFLAGS = $(PFKEY_CPPFLAGS)
libobol_pfkey_coding_la_LIBADD = $(GLIB_LIBS)
