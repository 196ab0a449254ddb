noinst_LTLIBRARIES += libobol-engine.la
libobol_engine_la_SOURCES = \
	%D%/action.c %D%/action.h %D%/admission.c %D%/agreement.c %D%/auth.c %D%/child.c %D%/child.h %D%/child-install.c \
	%D%/child-kernel.c %D%/child-negotiate.c %D%/child-proposals.c %D%/child-steps.c %D%/configuration.c %D%/configuration.h \
	%D%/configuration-payload.c %D%/configuration-payload.h %D%/crash.c %D%/crash-token.c %D%/crash-token.h %D%/create-child.c \
	%D%/event.h %D%/fragment.c %D%/heir.c %D%/ike-life.c \
	%D%/ike-rekey.c %D%/ike-sa.c %D%/ike-sa.h \
	%D%/ike-sa-private.h %D%/informational.c %D%/init.c %D%/liveness.c %D%/look.c %D%/mobike.c %D%/mobike-ask.c \
	%D%/nat.c %D%/path.c %D%/protect.c %D%/reassembly.c %D%/redirect.c %D%/redirect-say.c %D%/rekey.c %D%/roam.c %D%/selectors.c %D%/succession.c %D%/tasks.c %D%/timers.c \
	%D%/transport.c %D%/window.c %D%/window-answer.c %D%/window-size.c
libobol_engine_la_CPPFLAGS = $(CORE_CPPFLAGS)
libobol_engine_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
