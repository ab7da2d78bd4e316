/* SPDX-License-Identifier: Apache-2.0 */
#include <base/library.h>

#include <dlfcn.h>
#include <string.h>

static int load(struct library *l, struct err *err)
{
	void *handle = dlopen(l->soname, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return err_set(err, ERR_HOST, 0, "the library %s cannot be loaded (%s): install it",
			       l->soname, dlerror());
	for (size_t i = 0; i < l->n; i++) {
		void *address = dlsym(handle, l->symbols[i].name);

		if (!address)
			return err_set(err, ERR_HOST, 0,
				       "the library %s has no %s: it is another version than the "
				       "one belljar was built with",
				       l->soname, l->symbols[i].name);
		memcpy(l->symbols[i].at, &address, sizeof(address));
	}
	return 0;
}

int library_load(struct library *l, struct err *err)
{
	int r = 0;

	if (__atomic_load_n(&l->loaded, __ATOMIC_ACQUIRE))
		return 0;
	pthread_mutex_lock(&l->lock);
	if (!l->loaded)
		r = load(l, err);
	if (r == 0)
		__atomic_store_n(&l->loaded, true, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&l->lock);
	return r;
}
