/* notify.h - what a service manager wants to know: sd_notify(3), without its library. */
#ifndef OBOLD_NOTIFY_H
#define OBOLD_NOTIFY_H

/* All of them do nothing when nobody asked by NOTIFY_SOCKET. */
void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

#endif
