noinst_LTLIBRARIES += libobol-wire.la
libobol_wire_la_SOURCES = \
	%D%/cursor.c %D%/cursor.h %D%/message.h
libobol_wire_la_CPPFLAGS = $(CORE_CPPFLAGS) 
libobol_wire_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
