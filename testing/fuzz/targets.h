/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* testing/fuzz/targets.h - every fuzz target: fuzz-NAME.c, corpus/NAME/, NAME.dict; included where a list is due. */
OBOL_TARGET(message)
OBOL_TARGET(settings)
OBOL_TARGET(vici)
OBOL_TARGET(userspace)
OBOL_TARGET(offload)
OBOL_TARGET(pfkey)
OBOL_TARGET(pfkeyengine)
#ifdef HAVE_MNL
OBOL_TARGET(network)
OBOL_TARGET(xfrm)
#endif
