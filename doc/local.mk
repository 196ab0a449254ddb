EXTRA_DIST += %D%/README.md
dist_man_MANS += %D%/obolctl.1
