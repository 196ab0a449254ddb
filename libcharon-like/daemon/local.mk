# daemon
noinst_LTLIBRARIES += libobol-daemon.la
libobol_daemon_la_SOURCES = \
	%D%/command.h %D%/commands.c %D%/control.c %D%/crash-secret.c %D%/daemon.c %D%/daemon-private.h %D%/defer.c %D%/desires.c %D%/driver.c \
	%D%/doctor.c %D%/doctor.h %D%/doctor-machine.c %D%/doctor-others.c %D%/doctor-text.c \
	%D%/fit.c %D%/fit-kernel.c %D%/locate.c %D%/network.c %D%/pools.c %D%/redirect.c %D%/resolve.c %D%/routes.c \
	%D%/selectors.c %D%/snapshot.c %D%/trap-policies.c %D%/traps.c
libobol_daemon_la_CPPFLAGS = $(CORE_CPPFLAGS)
libobol_daemon_la_LIBADD = $(GLIB_LIBS)
EXTRA_DIST += %D%/README.md
