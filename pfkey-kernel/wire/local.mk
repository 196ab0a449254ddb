# wire and coding are one convenience library: whoever wants messages wants both.
PFKEY_WIRE_SOURCES = \
	%D%/buffer.h %D%/cursor.h %D%/system.h
