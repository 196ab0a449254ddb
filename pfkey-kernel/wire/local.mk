# wire and coding are one convenience library: whoever wants messages wants both.
PFKEY_WIRE_SOURCES = \
	%D%/buffer.c %D%/buffer.h %D%/cursor.c %D%/cursor.h %D%/names.c %D%/system.c %D%/system.h
