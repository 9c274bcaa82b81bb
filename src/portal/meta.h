/* What machines read of a study's page: description, Open Graph, schema.org as JSON-LD. */
#ifndef TH_PORTAL_META_H
#define TH_PORTAL_META_H

#include "portal/study_parts.h"

/* Elements of <head>. url: of the page, absolute; empty leaves it out. */
void th_meta_put(const th_study_view *v, th_span url);

#endif
