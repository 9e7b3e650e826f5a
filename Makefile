include build/rules.mk
